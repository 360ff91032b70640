import type { Readable } from "node:stream";
import { createStopwatch, errorRecord, okRecord } from "../calls/call-record.ts";
import type { CallRecord, WatchEvent } from "../client-types.ts";
import type { Access, Credentials } from "../credentials/credentials-types.ts";
import { withRenewal } from "../credentials/renewal.ts";
import { type CallIdentity, errorFromAnswer, errorFromFailure, errorFromStatus } from "../errors/answer-error.ts";
import { KubeError } from "../errors/kube-error.ts";
import type { KubeObject, StatusBody } from "../kube-object.ts";
import { parseUnmanaged } from "../parse-unmanaged.ts";
import type { Connections } from "../transport/connections.ts";
import { type Answer, codeOf, ExchangeFailure } from "../transport/exchange.ts";
import type { Query, Target } from "../transport/target.ts";
import { createLineSplitter } from "./watch-lines.ts";

/** One watch to be opened. */
export interface WatchCall extends CallIdentity {
  verb: "watch";
  resource: string;
  path: string;
  query: Query;
  signal?: AbortSignal | undefined;
  idleMs?: number | undefined;
  onOpen?: (() => void) | undefined;
}

/** What the watches of one client share. */
export interface WatchesOptions {
  credentials: Credentials;
  connections: Connections;
  target: Target;
  /** Counts those that are open. */
  watches: { open: number };
  userAgent: string;
  onCall?: ((record: CallRecord) => void) | undefined;
}

/** kube-apiserver accepts a watch within milliseconds, or after its cache is ready. */
const OPEN_TIMEOUT_MS = 30_000;

interface OpenWatch {
  body: Readable;
  /** Closes the connection, and the stream with it. */
  end(): void;
}

/**
 * The events of one watch. Leaving the loop, aborting and every failure close the stream.
 * @throws {KubeError}, or the signal's reason
 */
export async function* watchEvents(
  call: WatchCall,
  options: WatchesOptions,
): AsyncGenerator<WatchEvent, void, undefined> {
  call.signal?.throwIfAborted();
  const guard = createGuard(call);
  const lines = createLineSplitter();
  let opened: OpenWatch | undefined;
  options.watches.open++;
  try {
    opened = await open(call, options, guard.signal);
    guard.alive();
    call.onOpen?.();
    // One generator for all of it: each further one costs three promises for each event.
    for await (const part of opened.body.setEncoding("utf8")) {
      guard.alive();
      for (const line of lines.take(part)) yield parseEvent(call, line);
    }
    for (const line of lines.rest()) yield parseEvent(call, line);
  } catch (error) {
    call.signal?.throwIfAborted();
    throw asKubeError(call, error, guard.idle);
  } finally {
    options.watches.open--;
    guard.end();
    opened?.end();
  }
}

/** Joins what may end a watch from our side: the caller's signal, and silence. */
function createGuard({ signal, idleMs }: WatchCall) {
  const controller = new AbortController();
  const stop = () => controller.abort(signal?.reason);
  signal?.addEventListener("abort", stop);
  const guard = {
    signal: controller.signal,
    idle: false,
    alive: () => {
      timer?.refresh();
    },
    end() {
      clearTimeout(timer);
      signal?.removeEventListener("abort", stop);
      controller.abort();
    },
  };
  const timer =
    idleMs === undefined
      ? undefined
      : setTimeout(() => {
          guard.idle = true;
          controller.abort(new Error(`no byte for ${idleMs} ms`));
        }, idleMs);
  return guard;
}

async function open(call: WatchCall, options: WatchesOptions, signal: AbortSignal): Promise<OpenWatch> {
  const stopwatch = createStopwatch();
  stopwatch.start();
  try {
    const outcome = await withRenewal<OpenWatch>(options.credentials, (access) =>
      request(call, options, access, signal),
    );
    if (outcome instanceof ExchangeFailure) {
      throw errorFromFailure(call, outcome);
    }
    if (!("status" in outcome)) {
      const opened: Answer = { status: 200, headers: {}, body: "" };
      options.onCall?.(okRecord(call, opened, stopwatch.read()));
      return outcome;
    }
    throw errorFromAnswer(call, outcome);
  } catch (error) {
    const failure = signal.aborted ? error : asKubeError(call, error, false);
    options.onCall?.(errorRecord(call, failure, stopwatch.read()));
    throw failure;
  }
}

async function request(
  call: WatchCall,
  options: WatchesOptions,
  access: Access,
  signal: AbortSignal,
): Promise<OpenWatch | Answer | ExchangeFailure> {
  const dispatcher = options.connections.watch(access);
  const end = () => options.connections.discard(dispatcher);
  signal.addEventListener("abort", end); // undici hears a signal only once there is a connection.
  try {
    const { statusCode, headers, body } = await dispatcher.request({
      ...options.target(call.path, call.query),
      method: "GET",
      headers: { ...access.headers, accept: "application/json", "user-agent": options.userAgent },
      headersTimeout: Math.min(OPEN_TIMEOUT_MS, call.idleMs ?? OPEN_TIMEOUT_MS),
      bodyTimeout: 0,
      signal,
    });
    if (statusCode === 200) return { body, end };
    const text = await body.text();
    end();
    return { status: statusCode, headers, body: text };
  } catch (error) {
    end();
    if (signal.aborted || !(error instanceof Error)) throw error;
    return new ExchangeFailure("no", codeOf(error), error);
  } finally {
    signal.removeEventListener("abort", end);
  }
}

const EVENT_TYPES = new Set(["ADDED", "MODIFIED", "DELETED", "BOOKMARK"]);

function parseEvent(call: CallIdentity, line: string): WatchEvent {
  const event = parseLine(call, line);
  if (event?.type === "ERROR") {
    throw errorFromStatus(call, event.object as unknown as StatusBody);
  }
  if (!EVENT_TYPES.has(event?.type) || !event.object?.metadata) {
    throw broken(call, new Error("not an event of a watch"));
  }
  return event as WatchEvent;
}

function parseLine(call: CallIdentity, line: string): { type: string; object: KubeObject } {
  try {
    return parseUnmanaged(line) as { type: string; object: KubeObject };
  } catch {
    // JSON.parse would quote the line, which may hold a Secret.
    throw broken(call, new Error("a line of the watch is no JSON"));
  }
}

function broken(call: CallIdentity, error: Error): KubeError {
  const errorCode = "BROKEN_ANSWER";
  return errorFromFailure(call, error, { sent: "yes", status: 200, errorCode });
}

function asKubeError(call: CallIdentity, error: unknown, idle: boolean): KubeError {
  if (idle) return errorFromFailure(call, error, { errorCode: "WATCH_IDLE" });
  if (error instanceof KubeError) return error;
  return errorFromFailure(call, error, { sent: "unknown" });
}
