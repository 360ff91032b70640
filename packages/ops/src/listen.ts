import type { AddressInfo } from "node:net";
import type { FastifyInstance } from "fastify";

/** A port that cannot be listened on; the message names its setting. */
export class ListenError extends Error {
  override readonly name = "ListenError";
}

/** As much of a Fastify server as is needed to listen, whatever its types of requests are. */
type Listener = Pick<FastifyInstance, "server"> & {
  listen(options: { host: string; port: number; listenTextResolver: (url: string) => string }): Promise<string>;
};

/**
 * Listens and gives the port, which matters where it was 0.
 * @throws ListenError naming the setting, and whatever keeps the server from being built
 */
export async function listen(
  server: Listener,
  setting: string,
  { host, port }: { readonly host: string; readonly port: number },
): Promise<number> {
  try {
    await server.listen({ host, port, listenTextResolver: (url) => `${setting}: ${url}` });
  } catch (error) {
    const { code, syscall } = error as NodeJS.ErrnoException;
    if (syscall === undefined) throw error; // Nothing to do with the port.
    throw new ListenError(`${setting}: cannot listen on ${host}:${port} (${code})`, { cause: error });
  }
  return (server.server.address() as AddressInfo).port;
}
