import type { QueuePlace } from "../job.ts";

/** What `find.lua` says of a waiting job. */
export type PlaceFacts = readonly [ahead: number, active: number, slots: number, meanMs: number, delayMs: number];

/** A waiting job's place as clients see it; null where nothing is known of it. */
export function toQueuePlace(facts: PlaceFacts | undefined): QueuePlace | null {
  if (facts === undefined) return null;
  const ms = startsInMs(facts);
  return { ahead: facts[0], startsInSeconds: ms === null ? null : Math.ceil(ms / 1_000) };
}

/**
 * Slots become free one after the other, each after the mean time of the attempts that ended lately; null where there
 * is nobody to work, nothing to go by, or something else than slots to wait for.
 */
function startsInMs([ahead, active, slots, meanMs, delayMs]: PlaceFacts): number | null {
  if (slots === 0 || delayMs < 0) return null;
  const slotsToWaitFor = Math.max(0, ahead + 1 - Math.max(0, slots - active));
  if (slotsToWaitFor === 0) return delayMs;
  return meanMs < 0 ? null : Math.max(delayMs, (slotsToWaitFor * meanMs) / slots);
}
