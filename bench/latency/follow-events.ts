import { once } from "node:events";
import { connect } from "node:net";

/** An event stream, read as plainly as can be. */
export interface EventReader extends AsyncDisposable {
  /** Everything received so far. */
  readonly text: string;
  /** When the text first matched, by `performance.now()`. @throws Error when the stream ends before */
  until(pattern: RegExp): Promise<number>;
}

/** Opens an event stream of the api. */
export async function followEvents(url: string): Promise<EventReader> {
  const { hostname, port, pathname } = new URL(url);
  const socket = connect({ host: hostname, port: Number(port), noDelay: true });
  await once(socket, "connect");
  socket.setEncoding("utf8");
  let text = "";
  let look = () => {};
  let ended = false;
  socket.on("data", (chunk: string) => {
    text += chunk;
    look();
  });
  socket.on("error", () => {});
  socket.on("close", () => {
    ended = true;
    look();
  });
  socket.write(`GET ${pathname} HTTP/1.1\r\nHost: ${hostname}\r\n\r\n`);
  return {
    get text() {
      return text;
    },
    until: (pattern) =>
      new Promise((resolve, reject) => {
        look = () => {
          if (pattern.test(text)) resolve(performance.now());
          else if (ended) reject(new Error(`the event stream ended before ${pattern}: ${text.slice(-300)}`));
        };
        look();
      }),
    async [Symbol.asyncDispose]() {
      socket.destroy();
    },
  };
}
