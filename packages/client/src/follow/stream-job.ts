import { ConnectionError, UnexpectedAnswerError } from "../errors.ts";
import type { Http } from "../http/http.ts";
import type { Timing } from "../http/timing.ts";
import { jobPath } from "../ids.ts";
import type { JobStatus } from "../wire.ts";
import { createEventParser, type EventParser } from "./event-parser.ts";

/** Streams do not get through here, or `fetch` cannot read them; polling is left. */
export class StreamingImpossible extends Error {}

/** Where a follower stands in a job's events. */
export interface Position {
  readonly jobId: string;
  /** Of the last event seen; the next connection goes on after it. */
  lastEventId: string | undefined;
  /** Pause before the next connection, as the server said, in ms. */
  retryMs: number | undefined;
}

/**
 * One connection to a job's events: every status it tells, until it ends, for whatever reason.
 * @throws what requests throw, UnexpectedAnswerError, or StreamingImpossible
 */
export async function* streamJob(
  http: Http,
  position: Position,
  timing: Timing,
  signal: AbortSignal,
): AsyncGenerator<JobStatus> {
  const connection = new AbortController();
  const either = AbortSignal.any([signal, connection.signal]);
  try {
    const parser = createEventParser();
    for await (const piece of piecesOf(http, position, timing, either)) {
      yield* take(parser, piece, position);
    }
  } catch (error) {
    if (signal.aborted) throw signal.reason;
    throw error;
  } finally {
    connection.abort();
  }
}

function* take(parser: EventParser, piece: string, position: Position): Generator<JobStatus> {
  for (const { id, data } of parser.push(piece)) {
    position.lastEventId = id || position.lastEventId;
    yield statusOf(data);
  }
  position.retryMs = parser.retryMs ?? position.retryMs;
}

function statusOf(data: string): JobStatus {
  try {
    return JSON.parse(data) as JobStatus;
  } catch (cause) {
    throw new UnexpectedAnswerError("An event of the job is not JSON.", { cause });
  }
}

/** The stream's text as it comes. */
async function* piecesOf(http: Http, position: Position, timing: Timing, signal: AbortSignal): AsyncGenerator<string> {
  const { jobId, lastEventId } = position;
  const headers = {
    accept: "text/event-stream",
    ...(lastEventId === undefined ? {} : { "last-event-id": lastEventId }),
  };
  const path = `${jobPath(jobId)}/events`;
  const held = () => new StreamingImpossible("The event stream is held back.");
  const response = await inTime(http.send({ path, headers, signal }), timing.firstByteMs, held);
  if (response.status === 204) return;
  if (!response.body || !response.headers.get("content-type")?.startsWith("text/event-stream")) {
    throw new StreamingImpossible("The answer is no event stream.");
  }
  const reader = response.body.getReader();
  const decoder = new TextDecoder();
  const silent = () => new ConnectionError("The event stream has gone silent.");
  let next = await inTime(cutOff(reader.read()), timing.firstByteMs, held);
  while (!next.done) {
    yield decoder.decode(next.value, { stream: true });
    next = await inTime(cutOff(reader.read()), timing.silenceMs, silent);
  }
}

async function cutOff<T>(reading: Promise<T>): Promise<T> {
  try {
    return await reading;
  } catch (cause) {
    throw new ConnectionError("The event stream was cut off.", { cause });
  }
}

/** @throws what `late` makes when the work takes longer; the work's own end is then nobody's concern any more */
async function inTime<T>(work: Promise<T>, ms: number, late: () => Error): Promise<T> {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const timeout = new Promise<never>((_resolve, reject) => {
    timer = setTimeout(() => reject(late()), ms);
  });
  try {
    return await Promise.race([work, timeout]);
  } finally {
    clearTimeout(timer);
  }
}
