import { lookup } from "node:dns";
import { isIP, type LookupFunction } from "node:net";
import { Agent, request, WebSocket } from "undici";

/** A browser's view of workspaces whose names lead to one ingress controller, as a wildcard record would make them. */
export interface Visitor extends AsyncDisposable {
  get(url: string): Promise<{ readonly status: number; readonly body: Buffer }>;
  /** Sends a message over a WebSocket and returns the first one that comes back. */
  echo(url: string, message: string): Promise<string>;
}

/** @param ingressAddress `http://address[:port]` */
export function openVisitor(ingressAddress: string): Visitor {
  const { hostname, port } = new URL(ingressAddress);
  const toIngress: LookupFunction = (_name, options, callback) => {
    if (isIP(hostname) === 0) return lookup(hostname, options, callback);
    if (options.all === true) return callback(null, [{ address: hostname, family: isIP(hostname) }]);
    return callback(null, hostname, isIP(hostname));
  };
  const dispatcher = new Agent({ connect: { lookup: toIngress } });
  const at = (url: string, scheme: string) => {
    const target = new URL(url);
    target.protocol = scheme;
    target.port = port;
    return target;
  };
  return {
    async get(url) {
      const { statusCode, body } = await request(at(url, "http:"), { dispatcher });
      return { status: statusCode, body: Buffer.from(await body.arrayBuffer()) };
    },
    async echo(url, message) {
      const socket = new WebSocket(at(url, "ws:"), { dispatcher });
      const { promise, resolve, reject } = Promise.withResolvers<string>();
      socket.addEventListener("open", () => socket.send(message));
      socket.addEventListener("message", ({ data }) => resolve(String(data)));
      socket.addEventListener("error", () => reject(new Error(`no WebSocket at ${url}`)));
      try {
        return await promise;
      } finally {
        socket.close();
      }
    },
    [Symbol.asyncDispose]: () => dispatcher.destroy(),
  };
}
