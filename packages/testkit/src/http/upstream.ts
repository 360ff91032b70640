import { Agent as HttpAgent, type IncomingMessage, request as sendPlain } from "node:http";
import { Agent as HttpsAgent, request as sendSecure } from "node:https";
import type { HttpCall } from "./http-call.ts";

/** The server behind a fault layer. */
export interface Upstream {
  /** The head of the answer; its body is still to be read. Rejects when nothing answers. */
  send(call: HttpCall): Promise<IncomingMessage>;
  /** Ends its connections; what is under way fails. */
  close(): void;
}

/** HTTP/1.1 with kept connections, whatever the caller speaks: an API server answers both alike. */
export function createUpstream(target: string, ca: string | undefined): Upstream {
  const isSecure = target.startsWith("https:");
  const agent = isSecure
    ? new HttpsAgent({ keepAlive: true, ...(ca === undefined ? {} : { ca }) })
    : new HttpAgent({ keepAlive: true });
  const send = isSecure ? sendSecure : sendPlain;
  return {
    send: ({ method, path, headers, body }) =>
      new Promise((resolve, reject) => {
        const request = send(new URL(path, target), {
          agent,
          method,
          headers: { ...headers, ...(body.length > 0 ? { "content-length": body.length } : {}) },
        });
        request.on("response", (answer) => {
          answer.on("error", () => {}); // Whoever reads it is told by the reading.
          resolve(answer);
        });
        request.on("error", reject);
        request.end(body);
      }),
    close: () => agent.destroy(),
  };
}
