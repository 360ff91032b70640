import type { Caller } from "../auth/caller.ts";
import { Problem } from "../problems/problem.ts";
import type { JobFeed } from "./job-feed.ts";

/** How many may follow jobs at the same time, event streams and `wait` together, on this process. */
export interface SeatLimits {
  readonly maxFollowers: number;
  /** Of one user; 0 is no limit. Without a token there is no user, and a token for a back end or an administrator is none's. */
  readonly maxFollowersPerUser: number;
}

/**
 * Gives a client one of the seats for followers; what is returned gives it back, and may be called twice.
 * @throws Problem too_many_followers, user_followers
 */
export type TakeSeat = (caller: Caller) => () => void;

/** Builds the function for the whole process. */
export function createSeats(feed: JobFeed, { maxFollowers, maxFollowersPerUser }: SeatLimits): TakeSeat {
  const taken = new Map<string, Set<symbol>>();
  return ({ subject, actsForOthers }) => {
    if (feed.followers >= maxFollowers) throw new Problem("too_many_followers");
    if (maxFollowersPerUser === 0 || subject === undefined || actsForOthers) return () => {};
    const own = taken.get(subject) ?? new Set();
    if (own.size >= maxFollowersPerUser) {
      const detail = `At most ${maxFollowersPerUser} ${maxFollowersPerUser === 1 ? "request" : "requests"} of a user may wait for changes at the same time.`;
      throw new Problem("user_followers", { detail });
    }
    const seat = Symbol(subject);
    taken.set(subject, own.add(seat));
    return () => {
      if (own.delete(seat) && own.size === 0) taken.delete(subject);
    };
  };
}
