/** One event or comment of an event stream. */
export interface StreamEvent {
  readonly id?: string;
  readonly event?: string;
  readonly data?: Record<string, unknown>;
  readonly retry?: string;
  readonly comment?: string;
}

/** Parses a whole stream, strictly: every line must be one of the fields this service sends. */
function parseEvents(text: string): StreamEvent[] {
  if (!text.endsWith("\n\n")) throw new Error(`the stream ends in the middle of an event: ${text.slice(-100)}`);
  return text.slice(0, -2).split("\n\n").map(parseEvent);
}

function parseEvent(block: string): StreamEvent {
  const event: Record<string, unknown> = {};
  for (const line of block.split("\n")) {
    const [, name = "", value = ""] = /^(id|event|data|retry|): ?(.*)$/.exec(line) ?? [];
    if (name === "" && !line.startsWith(":")) throw new Error(`not a line of an event stream: ${line}`);
    event[name || "comment"] = name === "data" ? JSON.parse(value) : value;
  }
  return event;
}

/** A stream that is read as it comes. */
export interface LiveStream {
  readonly response: Response;
  /** Everything so far. */
  events(): StreamEvent[];
  /** Settles when the server has ended the stream. */
  readonly ended: Promise<void>;
  /** Goes away, as a closed tab does. */
  abort(): void;
}

/** Opens an event stream as a browser would. */
export async function openStream(url: string, lastEventId?: string): Promise<LiveStream> {
  const abort = new AbortController();
  const headers = {
    accept: "text/event-stream",
    ...(lastEventId === undefined ? {} : { "last-event-id": lastEventId }),
  };
  const response = await fetch(url, { headers, signal: abort.signal });
  let text = "";
  const read = async () => {
    for await (const chunk of response.body?.pipeThrough(new TextDecoderStream()) ?? []) text += chunk;
  };
  const ended = read();
  ended.catch(() => {}); // Aborting rejects it, which nobody need await.
  const complete = () => text.slice(0, text.lastIndexOf("\n\n") + 2);
  return {
    response,
    events: () => (complete() === "" ? [] : parseEvents(complete())),
    ended,
    abort: () => abort.abort(),
  };
}
