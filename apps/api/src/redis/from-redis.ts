import { isRefusal } from "@repl/contract";
import { ReplyError } from "ioredis";
import { Problem } from "../problems/problem.ts";

/** Replies that tell of a mistake in this code, unless they hold a refusal; all others (NOAUTH, NOPERM …) tell of Redis. */
const OUR_MISTAKE = /^(ERR|WRONGTYPE|CROSSSLOT)\b/;

/** What Node throws for a mistake in code. */
const BUGS = [TypeError, ReferenceError, SyntaxError, RangeError];

/**
 * A result from Redis. Redis away, hung or unwilling becomes the problem `dependency_unavailable`; a write that failed
 * so may have happened all the same.
 */
export async function fromRedis<Result>(work: Promise<Result>): Promise<Result> {
  try {
    return await work;
  } catch (error) {
    if (isMistake(error)) throw error;
    throw new Problem("dependency_unavailable", { cause: error });
  }
}

function isMistake(error: unknown): boolean {
  if (error instanceof ReplyError) return OUR_MISTAKE.test((error as Error).message) && !isRefusal(error as Error);
  return BUGS.some((bug) => error instanceof bug);
}
