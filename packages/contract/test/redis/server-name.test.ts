import { mkdtemp, rm, writeFile } from "node:fs/promises";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createServer, type Server } from "node:tls";
import { type Authority, createAuthority, waitFor } from "@repl/testkit";
import { afterAll, afterEach, beforeAll, expect, it } from "vitest";
import { connectForRequests, redisPlace } from "../../src/index.ts";
import { serverName } from "../../src/redis/server-name.ts";

let authority: Authority;
let folder: string;
let redisCaPath: string;
const servers: Server[] = [];

beforeAll(async () => {
  authority = createAuthority("an authority");
  folder = await mkdtemp(join(tmpdir(), "redis-name-"));
  redisCaPath = join(folder, "ca.crt");
  await writeFile(redisCaPath, authority.ca);
});
afterEach(async () => {
  await Promise.all(servers.splice(0).map((server) => new Promise((resolve) => server.close(resolve))));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

const bulk = (text: string) => `$${text.length}\r\n${text}\r\n`;

/** What a Redis, a node and a Sentinel that lead to `localhost` answer; each command comes in one piece. */
function answerOf(command: string, port: number): string {
  const [name = "", word = ""] = command.split("\r\n").filter((line) => /^\w/.test(line));
  const answers: Record<string, string> = {
    "cluster KEYSLOT": ":0\r\n",
    "cluster SLOTS": `*1\r\n*3\r\n:0\r\n:16383\r\n*2\r\n${bulk("localhost")}:${port}\r\n`,
    "sentinel get-master-addr-by-name": `*2\r\n${bulk("localhost")}${bulk(String(port))}`,
    "sentinel sentinels": "*0\r\n",
  };
  if (name === "info") return bulk("role:master\r\n");
  return answers[`${name} ${word}`] ?? `-ERR unknown command '${name.toUpperCase()}'\r\n`;
}

/** A server that keeps the name that each client asked it for; false where it named none. */
async function serverFor(address: string): Promise<{ readonly port: number; readonly names: (string | false)[] }> {
  const names: (string | false)[] = [];
  const server = createServer(authority.issue("redis", { address }), (socket) => {
    names.push(socket.servername ?? false);
    socket.on("error", () => {});
    socket.setEncoding("utf8").on("data", (text: string) => {
      for (const command of text.split(/^(?=\*)/m)) socket.write(answerOf(command, port));
    });
  });
  servers.push(server);
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  return { port, names };
}

async function connect(redisUrl: string): Promise<void> {
  const redis = connectForRequests(redisPlace({ redisUrl, queuePrefix: "{name}", redisCaPath }));
  redis.on("error", () => {});
  try {
    await waitFor(() => redis.status === "ready", { what: "the connection" });
  } finally {
    redis.disconnect();
  }
}

it.each([
  { what: "a single server", url: "rediss://localhost:PORT", named: ["localhost"] },
  {
    what: "a node, and the owner of the slot",
    url: "rediss+cluster://localhost:PORT",
    named: ["localhost", "localhost"],
  },
  // ioredis gives all Sentinels the same options.
  { what: "the primary, not a Sentinel", url: "rediss+sentinel://localhost:PORT/main", named: [false, "localhost"] },
])("$what is told its name", async ({ url, named }) => {
  const { port, names } = await serverFor("localhost");
  await connect(url.replace("PORT", String(port)));
  expect(names).toEqual(named);
});

it("a server by its address is told none", async () => {
  const { port, names } = await serverFor("127.0.0.1");
  await connect(`rediss://127.0.0.1:${port}`);
  expect(names).toEqual([false]);
});

it("a name's last dot is left out, and an IPv6 address is no name either", () => {
  expect(serverName("redis.example.com.")).toEqual({ servername: "redis.example.com" });
  expect(serverName("2001:db8::1")).toEqual({});
});
