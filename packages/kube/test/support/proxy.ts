import { type AddressInfo, connect, createServer, type Socket } from "node:net";

/** A TCP proxy that can play a dead link: connections stay open and nothing passes any more, in neither direction. */
export interface LinkProxy {
  port: number;
  accepted: number;
  /** Present connections go silent for good; later ones work. */
  freeze(): void;
  /** Present connections are reset. */
  cut(): void;
  close(): Promise<void>;
}

export async function startProxy(targetPort: number): Promise<LinkProxy> {
  const pairs = new Set<[Socket, Socket]>();
  const server = createServer((inner) => {
    const outer = connect(targetPort, "127.0.0.1");
    const pair: [Socket, Socket] = [inner, outer];
    pairs.add(pair);
    proxy.accepted++;
    for (const [from, to] of [pair, [outer, inner] as const]) {
      from.on("error", () => {});
      from.on("close", () => {
        to.destroy();
        pairs.delete(pair);
      });
      from.pipe(to);
    }
  });
  const proxy: LinkProxy = {
    port: 0,
    accepted: 0,
    freeze() {
      for (const [inner, outer] of pairs) {
        inner.unpipe(outer).pause();
        outer.unpipe(inner).pause();
      }
    },
    cut() {
      for (const [inner] of pairs) inner.resetAndDestroy();
    },
    async close() {
      const closed = new Promise((resolve) => server.close(resolve));
      for (const [inner, outer] of pairs) {
        inner.destroy();
        outer.destroy();
      }
      await closed;
    },
  };
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  proxy.port = (server.address() as AddressInfo).port;
  return proxy;
}
