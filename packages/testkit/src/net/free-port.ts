import { once } from "node:events";
import { type AddressInfo, createServer } from "node:net";

/**
 * A TCP port of 127.0.0.1 that nothing listens on. Nobody holds it for the caller, so a program that can listen on
 * port 0 by itself should rather do that.
 */
export async function freePort(): Promise<number> {
  const server = createServer().listen({ host: "127.0.0.1", port: 0 });
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, "close");
  return port;
}
