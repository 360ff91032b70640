import type { Redis } from "ioredis";
import { explainRedisError } from "./explain-error.ts";
import type { RedisPlace } from "./place.ts";
import { judgeServer, readInfo } from "./server-facts.ts";

/** Whether Redis can be worked with right now: resolves when it can, rejects with an error that says what is wrong. */
export type RedisCheck = () => Promise<void>;

/**
 * Builds a check for readiness. It asks the primary that the connection leads to at the moment: whether it answers, takes
 * writes, and still evicts nothing. While there is none it gives the reason why, and at once.
 */
export function createRedisCheck(redis: Redis, { topology }: RedisPlace): RedisCheck {
  let lastError: Error | undefined;
  redis.on("error", (error: Error) => {
    lastError = error;
  });
  redis.on("ready", () => {
    lastError = undefined;
  });
  return async () => {
    if (redis.status !== "ready") throw new Error(away(lastError));
    const info = await redis.info().catch((error: Error) => {
      throw new Error(explainRedisError(error), { cause: error });
    });
    const facts = readInfo(info);
    const [refusal] = judgeServer(facts, topology).refusals;
    if (refusal !== undefined) throw new Error(`Redis must not be used: ${refusal}`);
    if (!facts.isPrimary) throw new Error("Redis is a replica, which takes no writes");
  };
}

function away(error: Error | undefined): string {
  return error === undefined ? "Redis does not answer" : `Redis does not answer: ${explainRedisError(error)}`;
}
