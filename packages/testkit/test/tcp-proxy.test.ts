import { once } from "node:events";
import { type AddressInfo, connect, createServer, type Server, type Socket } from "node:net";
import { afterEach, beforeEach, expect, test } from "vitest";
import { startTcpProxy, type TcpProxy, waitFor } from "../src/index.ts";

let echo: Server;
let echoed: Socket[];
let proxy: TcpProxy;
const clients: Client[] = [];

beforeEach(async () => {
  echoed = [];
  echo = createServer({ allowHalfOpen: true }, (socket) => {
    echoed.push(socket);
    socket.on("error", () => {});
    socket.pipe(socket);
  }).listen(0, "127.0.0.1");
  await once(echo, "listening");
  proxy = await startTcpProxy({ targetPort: (echo.address() as AddressInfo).port });
});
afterEach(async () => {
  for (const { socket } of clients.splice(0)) socket.destroy();
  await proxy.stop();
  for (const socket of echoed) socket.destroy();
  echo.close();
  expect(proxy.connections).toBe(0);
});

interface Client {
  readonly socket: Socket;
  readonly arrivals: { text: string; atMs: number }[];
  received(): string;
  ended: boolean;
  errorCode: string | undefined;
}

async function open(): Promise<Client> {
  const socket = connect({ port: proxy.port, host: "127.0.0.1", allowHalfOpen: true, noDelay: true });
  const arrivals: Client["arrivals"] = [];
  const received = () => arrivals.map(({ text }) => text).join("");
  const client: Client = { socket, arrivals, received, ended: false, errorCode: undefined };
  socket.on("data", (data) => arrivals.push({ text: String(data), atMs: performance.now() }));
  socket.on("end", () => {
    client.ended = true;
  });
  socket.on("error", (error: NodeJS.ErrnoException) => {
    client.errorCode = error.code;
  });
  clients.push(client);
  await once(socket, "connect").catch(() => {}); // The listener above keeps the error.
  return client;
}

async function roundTrip(client: Client, text: string): Promise<number> {
  const before = client.received();
  const sentMs = performance.now();
  client.socket.write(text);
  await waitFor(() => client.received() === before + text, { what: `${text} to return`, intervalMs: 1 });
  return performance.now() - sentMs;
}

test("passes bytes both ways, and ends with its ends", async () => {
  const client = await open();
  await roundTrip(client, "hello");
  const big = "x".repeat(5_000_000);
  client.socket.end(big);
  await waitFor(() => client.ended, { what: "the end" });
  expect(client.received()).toBe(`hello${big}`);
  await waitFor(() => proxy.connections === 0, { what: "the connection to be gone" });
});

test("delays each direction by itself, without lowering the throughput", async () => {
  const client = await open();
  proxy.set("up", { delayMs: 100 });
  proxy.set("down", { delayMs: 150 });
  const onceMs = await roundTrip(client, "a");
  expect(onceMs).toBeGreaterThanOrEqual(249);
  const chunks = Array.from({ length: 20 }, (_, index) => `<${index}>`);
  const startMs = performance.now();
  for (const chunk of chunks) client.socket.write(chunk);
  await waitFor(() => client.received() === `a${chunks.join("")}`, { what: "all chunks" });
  expect(performance.now() - startMs).toBeLessThan(20 * 250);
  await proxy.heal();
  await roundTrip(client, "b");
});

test("slow: bytes per second", async () => {
  const client = await open();
  proxy.set("down", { bytesPerSecond: 10_000 });
  expect(await roundTrip(client, "y".repeat(3000))).toBeGreaterThanOrEqual(290);
});

test("slices into small pieces", async () => {
  const client = await open();
  const pieces: number[] = [];
  await waitFor(() => echoed.length === 1, { what: "the target's side" });
  echoed[0]?.on("data", (data) => pieces.push(data.length));
  proxy.set("up", { chunkBytes: 1, delayMs: 1, bytesPerSecond: 1000 });
  await roundTrip(client, "0123456789");
  expect(pieces).toEqual(Array(10).fill(1));
});

test("half-open: nothing arrives and nobody is told, until healed", async () => {
  const client = await open();
  await roundTrip(client, "a");
  proxy.set("both", { hold: true });
  client.socket.write("b");
  const arrived = waitFor(() => client.received() !== "a" || client.ended, { what: "b", timeoutMs: 200 });
  await expect(arrived).rejects.toThrow("waited 200 ms");
  expect(client.errorCode).toBeUndefined();
  await proxy.heal();
  await waitFor(() => client.received() === "ab", { what: "b after healing" });
});

test("half-open: the target does not learn that the client is gone", async () => {
  const client = await open();
  await roundTrip(client, "a");
  proxy.set("up", { hold: true });
  const target = echoed[0];
  client.socket.resetAndDestroy();
  const told = waitFor(() => target?.destroyed || target?.readableEnded, { what: "an end", timeoutMs: 200 });
  await expect(told).rejects.toThrow("waited 200 ms");
  await proxy.heal();
  await waitFor(() => target?.destroyed, { what: "the target to be told" });
});

test("cut ends connections in order, reset does not; new ones are accepted", async () => {
  const cut = await open();
  await roundTrip(cut, "a");
  proxy.cut();
  await waitFor(() => cut.ended, { what: "FIN" });
  expect(cut.errorCode).toBeUndefined();
  const reset = await open();
  await roundTrip(reset, "a");
  proxy.reset();
  await waitFor(() => reset.errorCode === "ECONNRESET", { what: "RST" });
  await roundTrip(await open(), "again");
});

test("refuses new connections and keeps open ones; healed it listens on the same port", async () => {
  const client = await open();
  await roundTrip(client, "a");
  await proxy.refuse();
  expect((await open()).errorCode).toBe("ECONNREFUSED");
  await roundTrip(client, "b");
  await proxy.heal();
  await roundTrip(await open(), "c");
});

test("an answer can be lost after the target got the request", async () => {
  const seen: string[] = [];
  const client = await open();
  await waitFor(() => echoed.length === 1, { what: "the target's side" });
  echoed[0]?.on("data", (data) => seen.push(String(data)));
  proxy.inspect((direction) => (direction === "down" ? "reset" : "pass"));
  client.socket.write("INCR n");
  await waitFor(() => client.errorCode === "ECONNRESET", { what: "the reset" });
  expect(seen).toEqual(["INCR n"]);
  expect(client.received()).toBe("");
});

test("a target that is not there resets the client", async () => {
  const nowhere = await startTcpProxy({ targetPort: 1 });
  const socket = connect(nowhere.port, "127.0.0.1");
  const [error] = await once(socket, "error");
  expect(error).toMatchObject({ code: "ECONNRESET" });
  await nowhere.stop();
});
