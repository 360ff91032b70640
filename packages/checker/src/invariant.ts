import type { History } from "./history/history.ts";

/** Looks for what must not be in a history; a sentence for each find. */
export type Check = (history: History) => string[];

/** One invariant of the service. */
export interface Invariant {
  /** `I1` to `I22`. */
  readonly id: string;
  /** What must hold, as a sentence. */
  readonly holds: string;
  /** Undefined where a history cannot show it; `elsewhere` then says what does. */
  readonly check?: Check;
  readonly elsewhere?: string;
}
