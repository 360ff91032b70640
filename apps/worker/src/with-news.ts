import type { JobChange } from "@repl/contract";
import type { Attempt } from "@repl/provision";

/**
 * Does work whose first report also tells the news: a report of its own would be a round trip more. Where the work
 * fails without a report the news is told before it rejects; where it succeeds without one, the result has to tell it.
 */
export async function withNews<Result>(
  attempt: Attempt,
  news: JobChange,
  work: (attempt: Attempt) => Promise<Result>,
): Promise<Result> {
  let untold: JobChange | undefined = news;
  const report = (change: JobChange): Promise<void> => {
    const all = { ...untold, ...change };
    untold = undefined;
    return attempt.report(all);
  };
  try {
    return await work({ ...attempt, report });
  } catch (error) {
    if (untold !== undefined) await report({}).catch(() => {}); // The first error is what counts.
    throw error;
  }
}
