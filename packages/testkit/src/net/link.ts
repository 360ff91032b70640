import type { Socket } from "node:net";
import { setTimeout as delay } from "node:timers/promises";

/** What is wrong with one direction of a connection; all of it may be combined. An empty object is a sound link. */
export interface LinkFault {
  /** Each byte arrives that many ms later, without lowering the throughput. */
  readonly delayMs?: number;
  /** Throughput in bytes per second. */
  readonly bytesPerSecond?: number;
  /** Bytes arrive in pieces of at most this size. */
  readonly chunkBytes?: number;
  /** Half-open: nothing arrives, an end included, and the sender is not told. All of it arrives when healed. */
  readonly hold?: boolean;
}

/** The fault of one direction as it is now; `changed` is replaced and settled whenever the fault is. */
export interface LinkState {
  fault: LinkFault;
  changed: PromiseWithResolvers<void>;
}

/** One direction of one connection. */
export interface Link {
  readonly source: Socket;
  readonly sink: Socket;
  readonly state: LinkState;
  /** Sees each chunk as it arrives; false drops it. */
  readonly admit: (data: Buffer) => boolean;
  /** Aborted when the connection is gone; `gone` settles then. */
  readonly signal: AbortSignal;
  readonly gone: Promise<void>;
}

/** Reading pauses above this many bytes in transit, as a kernel's buffers would fill. */
const MAX_IN_TRANSIT_BYTES = 1 << 20;

interface Parcel {
  readonly data: Buffer;
  readonly arrivedMs: number;
}

/** Moves bytes as the link's state allows, until the source ends (then the sink is ended) or the connection is gone. */
export async function pump(link: Link): Promise<void> {
  const { source, sink, state, admit, signal, gone } = link;
  const parcels: Parcel[] = [];
  let inTransitBytes = 0;
  let ended = false;
  let arrival = Promise.withResolvers<void>();
  source.on("data", (data: Buffer) => {
    if (!admit(data)) return;
    parcels.push({ data, arrivedMs: performance.now() });
    inTransitBytes += data.length;
    if (inTransitBytes > MAX_IN_TRANSIT_BYTES) source.pause();
    arrival.resolve();
  });
  source.on("end", () => {
    ended = true;
    arrival.resolve();
  });
  while (!signal.aborted) {
    const parcel = parcels.shift();
    if (parcel !== undefined) {
      await deliver(parcel, link);
      inTransitBytes -= parcel.data.length;
      source.resume();
    } else if (ended && !state.fault.hold) {
      sink.end();
      return;
    } else {
      arrival = Promise.withResolvers();
      await Promise.race(ended ? [state.changed.promise, gone] : [arrival.promise, gone]);
    }
  }
}

async function deliver({ data, arrivedMs }: Parcel, link: Link): Promise<void> {
  const { state, signal, gone } = link;
  let from = 0;
  while (from < data.length && !signal.aborted) {
    const { hold, delayMs = 0, bytesPerSecond, chunkBytes = bytesPerSecond ? 512 : data.length } = state.fault;
    if (hold) {
      await Promise.race([state.changed.promise, gone]);
      continue;
    }
    const piece = data.subarray(from, from + chunkBytes);
    const travelMs = Math.max(0, arrivedMs + delayMs - performance.now());
    const sendMs = bytesPerSecond === undefined ? 0 : (piece.length / bytesPerSecond) * 1000;
    if (!(await passes(travelMs + sendMs, link))) continue;
    await write(piece, link);
    from += piece.length;
  }
}

/** Waits; false when the fault changed meanwhile, so that a new one, or none, counts at once. */
async function passes(ms: number, { state, signal }: Link): Promise<boolean> {
  if (ms <= 0) return true;
  const timer = new AbortController();
  const over = delay(ms, true, { signal: AbortSignal.any([signal, timer.signal]) }).catch(() => false);
  const whole = await Promise.race([over, state.changed.promise.then(() => false)]);
  timer.abort();
  return whole;
}

async function write(piece: Buffer, { sink, gone }: Link): Promise<void> {
  if (sink.destroyed || sink.write(piece)) return;
  const drained = Promise.withResolvers<void>();
  sink.once("drain", drained.resolve);
  await Promise.race([drained.promise, gone]);
}
