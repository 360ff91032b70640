import { Problem } from "../problems/problem.ts";
import type { JobFeed } from "./job-feed.ts";

/**
 * Refuses a client that wants to follow where too many do already.
 * @throws Problem too_many_followers
 */
export function refuseBeyond(feed: JobFeed, maxFollowers: number): void {
  if (feed.followers >= maxFollowers) throw new Problem("too_many_followers");
}
