/** One event of a stream of server-sent events. */
interface ServerEvent {
  readonly id: string;
  /** Its lines joined by "\n". */
  readonly data: string;
}

/** Reads server-sent events piece by piece (WHATWG HTML, 9.2.6), as far as the service uses them. */
export interface EventParser {
  /** The events that this piece completes. */
  push(piece: string): ServerEvent[];
  /** Pause before connecting again, as the server last said, in ms. */
  readonly retryMs: number | undefined;
}

/** A parser for one connection. */
export function createEventParser(): EventParser {
  let rest = "";
  let id = "";
  let retryMs: number | undefined;
  let data: string[] = [];

  const field = (name: string, value: string) => {
    if (name === "data") data.push(value);
    else if (name === "id") id = value;
    else if (name === "retry" && /^\d+$/.test(value)) retryMs = Number(value);
  };
  const line = (text: string): ServerEvent[] => {
    if (text === "") {
      const event = { id, data: data.join("\n") };
      const complete = data.length > 0;
      data = [];
      return complete ? [event] : [];
    }
    const colon = text.indexOf(":");
    // A line that begins with a colon is a comment: the heartbeat.
    if (colon > 0) field(text.slice(0, colon), text.slice(colon + 1).replace(/^ /, ""));
    return [];
  };

  return {
    get retryMs() {
      return retryMs;
    },
    push(piece) {
      const lines = (rest + piece).split(/\r\n|\n|\r(?!$)/);
      rest = lines.pop() ?? "";
      return lines.flatMap(line);
    },
  };
}
