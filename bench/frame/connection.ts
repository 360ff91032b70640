import { connect } from "node:net";

/** What differs from request to request. */
export interface LoadRequest {
  readonly path: string;
  readonly headers?: Readonly<Record<string, string>>;
  /** ASCII. */
  readonly body?: string;
}

/** One HTTP/1.1 connection with one request at a time. */
export interface Connection {
  /** @param answered is told the answer's status, and the answer, once all of it has come; an error where the connection broke */
  send(request: LoadRequest, answered: (status: number | Error, answer: string) => void): void;
  close(): void;
}

const HEAD_END = "\r\n\r\n";

/**
 * A connection of a load generator, which shares a processor with what is measured: it writes each request at once and
 * looks at nothing of an answer but its status and length. A client's work for one request is several times that.
 */
export async function openConnection(url: string, method: string): Promise<Connection> {
  const { hostname, port, host } = new URL(url);
  const socket = connect({ host: hostname, port: Number(port), noDelay: true });
  await new Promise<void>((resolve, reject) => socket.once("connect", resolve).once("error", reject));
  socket.setEncoding("latin1");
  let received = "";
  let waiting: ((status: number | Error, answer: string) => void) | undefined;
  const closed = () => new Error(`${url} closed a connection`);
  const end = (result: number | Error) => {
    const [answered, answer] = [waiting, received];
    waiting = undefined;
    received = "";
    answered?.(result, answer);
  };
  socket.on("data", (chunk) => {
    received += chunk;
    const status = statusOf(received);
    if (status !== undefined) end(status);
  });
  socket.on("error", end);
  socket.on("close", () => end(closed()));
  return {
    send({ path, headers = {}, body = "" }, answered) {
      if (socket.destroyed) return answered(closed(), "");
      waiting = answered;
      let head = `${method} ${path} HTTP/1.1\r\nhost: ${host}\r\ncontent-length: ${body.length}\r\n`;
      for (const name in headers) head += `${name}: ${headers[name]}\r\n`;
      socket.write(`${head}\r\n${body}`, "latin1");
    },
    close() {
      waiting = undefined;
      socket.destroy();
    },
  };
}

/** Of an answer that has come as a whole, with its length in its head. */
function statusOf(answer: string): number | Error | undefined {
  const end = answer.indexOf(HEAD_END);
  if (end === -1) return undefined;
  const length = /\r\ncontent-length: (\d+)\r\n/i.exec(answer.slice(0, end + 2))?.[1];
  if (length === undefined) return new Error(`an answer without its length: ${answer.slice(0, end)}`);
  return answer.length < end + HEAD_END.length + Number(length) ? undefined : Number(answer.slice(9, 12));
}
