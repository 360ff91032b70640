import { once } from "node:events";
import { connect, type Socket } from "node:net";
import { waitFor } from "@repl/testkit";

/** One TCP connection on which a test says exactly which bytes are sent. */
export interface RawConnection {
  readonly socket: Socket;
  /** Everything received so far. */
  received(): string;
  /** Waits until the text received matches. */
  until(pattern: RegExp, timeoutMs?: number): Promise<string>;
  /** Waits until the server has closed the connection; ms since it was opened. */
  closed(timeoutMs: number): Promise<number>;
}

export async function openConnection(port: number): Promise<RawConnection> {
  const socket = connect({ host: "127.0.0.1", port });
  await once(socket, "connect");
  const openedAt = performance.now();
  let text = "";
  let closedAt: number | undefined;
  socket.setEncoding("utf8");
  socket.on("data", (chunk: string) => {
    text += chunk;
  });
  socket.on("error", () => {}); // A reset is one way of being closed.
  socket.on("close", () => {
    closedAt = performance.now();
  });
  return {
    socket,
    received: () => text,
    async until(pattern, timeoutMs = 5_000) {
      await waitFor(() => pattern.test(text), { what: `the answer to match ${pattern}`, timeoutMs });
      return text;
    },
    async closed(timeoutMs) {
      const at = await waitFor(() => closedAt, { what: "the server to close the connection", timeoutMs });
      return at - openedAt;
    },
  };
}

/** Sends bytes on a connection of their own and returns all that came until the server closed it. */
export async function exchange(port: number, bytes: string | Buffer, timeoutMs = 5_000): Promise<string> {
  const connection = await openConnection(port);
  connection.socket.write(bytes);
  await connection.closed(timeoutMs);
  return connection.received();
}

/** Body of the last answer in a text, parsed. */
export function lastBody(text: string): Record<string, unknown> {
  return JSON.parse(text.slice(text.lastIndexOf("\r\n\r\n") + 4));
}
