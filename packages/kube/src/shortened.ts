/** Longer than nearly all that Kubernetes says in one sentence. */
const MOST_CHARACTERS = 1_000;

const GAP = " … ";

/**
 * A text that the cluster wrote, as a record or a log may hold it: nothing bounds what webhooks, proxies, registries and
 * programs say. What is longer keeps its beginning and its end, where a chain of errors has its cause.
 * @param limit of UTF-16 units, which the result does not exceed
 */
export function shortened(text: string, limit: number = MOST_CHARACTERS): string {
  if (text.length <= limit) return text;
  const kept = limit - GAP.length;
  const end = Math.floor(kept / 3);
  // A character cut in two would be no valid JSON for all who read it.
  return `${text.slice(0, kept - end)}${GAP}${text.slice(-end)}`.toWellFormed();
}
