import { type JobRecord, TERMINAL_STATES, toJobStatus } from "@repl/contract";
import type { JobTail } from "./job-tail.ts";
import { revisionOf } from "./revision.ts";

/** Browsers wait this long before they connect again. */
const RECONNECT_MS = 2_000;

/** Turns a record into its frame; records that many clients follow are encoded once. */
export function createFrameEncoder(): (record: JobRecord) => string {
  const frames = new WeakMap<JobRecord, string>();
  return (record) => {
    const frame = frames.get(record) ?? encode(record);
    frames.set(record, frame);
    return frame;
  };
}

function encode(record: JobRecord): string {
  const event = TERMINAL_STATES.has(record.state) ? record.state : "progress";
  return `id: ${revisionOf(record)}\nevent: ${event}\ndata: ${JSON.stringify(toJobStatus(record))}\n\n`;
}

/**
 * The text of a job's event stream (WHATWG server-sent events): each change, a comment when there was none for
 * `heartbeatMs`, and the end after the job's own.
 */
export async function* eventFrames(
  tail: JobTail,
  encodeFrame: (record: JobRecord) => string,
  heartbeatMs: number,
): AsyncGenerator<string> {
  yield `retry: ${RECONNECT_MS}\n\n`;
  while (true) {
    const next = await tail.next(heartbeatMs);
    if (next === "ended") return;
    if (next === "silent") yield ": still here\n\n";
    else {
      yield encodeFrame(next);
      if (TERMINAL_STATES.has(next.state)) return;
    }
  }
}
