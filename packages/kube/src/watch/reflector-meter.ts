import type { WatchEvent } from "../client-types.ts";
import type { ReflectorStats } from "./reflector-types.ts";

/** Counts what a reflector lives through. */
export function createMeter() {
  let staleSince: number | undefined = performance.now();
  let lastEvent = -Infinity;
  let events = 0;
  let opens = 0;
  let lists = 0;

  const staleForMs = () => (staleSince === undefined ? 0 : performance.now() - staleSince);

  return {
    listed(): void {
      lists++;
    },
    opened(): void {
      opens++;
      staleSince = undefined;
    },
    closed(): void {
      staleSince ??= performance.now();
    },
    received(type: WatchEvent["type"]): void {
      lastEvent = performance.now();
      if (type !== "BOOKMARK") events++;
    },
    staleForMs,
    read(objects: number): ReflectorStats {
      return {
        live: staleSince === undefined,
        staleForMs: staleForMs(),
        lastEventAgeMs: performance.now() - lastEvent,
        objects,
        events,
        restarts: Math.max(0, opens - 1),
        relists: Math.max(0, lists - 1),
      };
    },
  };
}
