import { createServer } from "node:http";
import { type AddressInfo, connect, type Socket } from "node:net";
import { after } from "./cleanup.ts";

/** An HTTP proxy for CONNECT. */
export interface TunnelProxy {
  url: string;
  /** The targets that were asked for. */
  tunnels: string[];
  /** Takes a CONNECT in and does not answer it. */
  silent: boolean;
}

/** A proxy that goes with the test. */
export async function serveTunnels(): Promise<TunnelProxy> {
  const sockets = new Set<Socket>();
  const proxy: TunnelProxy = { url: "", tunnels: [], silent: false };
  const server = createServer().on("connect", (request, socket) => {
    proxy.tunnels.push(request.url ?? "");
    sockets.add(socket as Socket);
    socket.on("error", () => {});
    if (!proxy.silent) join(socket as Socket, new URL(`http://${request.url}`));
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  after(async () => {
    const closed = new Promise((resolve) => server.close(resolve));
    for (const socket of sockets) socket.destroy();
    await closed;
  });
  proxy.url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  return proxy;
}

function join(socket: Socket, { hostname, port }: URL): void {
  const outer = connect(Number(port), hostname, () => {
    socket.write("HTTP/1.1 200 OK\r\n\r\n");
    outer.pipe(socket).pipe(outer);
  });
  outer.on("error", () => {});
  socket.on("close", () => outer.destroy());
}
