import type { Log } from "./create-log.ts";

/** Logs what one source threw; the same again only once in a while, with how often it was kept back. */
export type LogError = (source: string, thrown: unknown) => void;

const QUIET_MS = 30_000;
/** Different errors remembered at once; messages with changing parts must not fill the memory. */
const MOST_REMEMBERED = 100;

/** Keeps an outage from filling the log: Redis' absence alone makes several identical errors a second. */
export function createLogLimiter(log: Pick<Log, "warn">, now: () => number = () => performance.now()): LogError {
  const last = new Map<string, { readonly at: number; suppressed: number }>();
  return (source, thrown) => {
    const error = thrown instanceof Error ? thrown : new Error(String(thrown));
    const key = `${source}: ${error.message}`;
    const previous = last.get(key);
    if (previous !== undefined && now() - previous.at < QUIET_MS) {
      previous.suppressed += 1;
      return;
    }
    if (last.size >= MOST_REMEMBERED) last.clear();
    last.set(key, { at: now(), suppressed: 0 });
    log.warn({ source, err: error, suppressed: previous?.suppressed ?? 0 }, "connection error");
  };
}
