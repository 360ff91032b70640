import { writeFileSync } from "node:fs";
import type { EndState, HistoryEvent } from "@repl/checker";
import type { Say } from "./command.ts";

/** A run that broke something. */
interface Kept {
  readonly violations: unknown;
  readonly events: readonly HistoryEvent[];
  readonly end: EndState;
}

/** Writes what happened in a run that broke something, as JSON; nowhere without a path. */
export function keepHistory({ violations, events, end }: Kept, path: string | undefined, say: Say): void {
  if (path === undefined) return;
  try {
    writeFileSync(path, JSON.stringify({ violations, end, events }, undefined, 1));
    say(`  its history: ${path}`);
  } catch (error) {
    say(`  its history cannot be written: ${(error as Error).message}`);
  }
}
