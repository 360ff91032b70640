import { createServer as createHttpServer } from "node:http";
import { createSecureServer, type ServerHttp2Session } from "node:http2";
import type { AddressInfo, Server, Socket } from "node:net";
import type { Certificate } from "./certificate.ts";
import { httpPeer, type IncomingRequest, type OutgoingResponse, writeAnswer } from "./exchange.ts";
import type { RequestHandler } from "./handler.ts";

/** Connections so far and now. With TLS each one is a handshake. */
export interface Connections {
  readonly opened: number;
  readonly open: number;
}

/** A listening server on loopback. */
export interface Listener {
  readonly url: string;
  readonly connections: Connections;
  /** Stops listening and cuts what is still open. */
  close(): Promise<void>;
}

const HOST = "127.0.0.1";

function serverFor(handler: RequestHandler, certificate: Certificate | undefined): Server {
  const serve = (incoming: IncomingRequest, response: OutgoingResponse): void => {
    void handler(incoming, httpPeer(incoming, response)).then((answer) => {
      if (answer !== undefined) writeAnswer(response, answer);
    });
  };
  if (certificate === undefined) return createHttpServer({ requestTimeout: 0 }, serve);
  return createSecureServer({ allowHTTP1: true, key: certificate.key, cert: certificate.cert }, serve);
}

/** Counts and remembers connections, so that closing leaves none behind. */
function track(server: Server, secure: boolean) {
  const sockets = new Set<Socket>();
  const sessions = new Set<ServerHttp2Session>();
  let opened = 0;
  server.on(secure ? "secureConnection" : "connection", (socket: Socket) => {
    opened += 1;
    sockets.add(socket);
    socket.on("error", () => undefined);
    socket.on("close", () => sockets.delete(socket));
  });
  server.on("session", (session: ServerHttp2Session) => {
    sessions.add(session);
    session.on("error", () => undefined);
    session.on("close", () => sessions.delete(session));
  });
  server.on("sessionError", () => undefined);
  return {
    counts: {
      get opened() {
        return opened;
      },
      get open() {
        return sockets.size;
      },
    },
    cut: () => {
      for (const session of sessions) session.destroy();
      for (const socket of sockets) socket.destroy();
    },
  };
}

const listening = (server: Server, port: number): Promise<void> =>
  new Promise((resolve, reject) => {
    server.once("error", reject);
    server.listen(port, HOST, () => {
      server.off("error", reject);
      resolve();
    });
  });

/**
 * Listens on loopback: plain HTTP/1.1, or with a certificate both HTTP/2 and HTTP/1.1.
 * @param port 0 takes a free one. Rejects with the system's error when it is taken.
 */
export async function listen(
  handler: RequestHandler,
  port: number,
  certificate: Certificate | undefined,
): Promise<Listener> {
  const secure = certificate !== undefined;
  const server = serverFor(handler, certificate);
  const tracked = track(server, secure);
  await listening(server, port);
  const { port: taken } = server.address() as AddressInfo;
  return {
    url: `${secure ? "https" : "http"}://${HOST}:${taken}`,
    connections: tracked.counts,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        tracked.cut();
      }),
  };
}
