import { setTimeout as delay } from "node:timers/promises";
import { between, type Random } from "../random/random.ts";
import type { Fsync, Installation } from "./installation.ts";

/** What Redis may lose of what it acknowledged, by its documentation. */
export const EVERYSEC_LOSS_MS = 1_000;

/**
 * Redis' machine loses its power: what its append-only file had not synced is gone. Gives the time (ms since 1970) from
 * which on acknowledged writes may be lost; infinite where none may. Redis is down then.
 *
 * `always`: what was acknowledged had been synced. So the answers are held back, and of what Redis writes from then on
 * an arbitrary part survives, down to half a command. `everysec`: the last second's writes do not. The file is repaired
 * before Redis comes back, as docs/operations.md asks for.
 */
export async function losePower(installation: Installation, fsync: Fsync, random: Random): Promise<number> {
  const sinceMs = await (fsync === "always" ? loseUnanswered(installation, random) : loseLastSecond(installation));
  await installation.redis.repair();
  return sinceMs;
}

async function loseUnanswered({ redis, redisLink, historyLink }: Installation, random: Random): Promise<number> {
  const links = [redisLink, historyLink];
  for (const link of links) link.set("down", { hold: true });
  const answeredBytes = await redis.appendOnlyBytes();
  await delay(between(random, 5, 100));
  redis.pause();
  await redis.powerLoss(between(random, answeredBytes, await redis.appendOnlyBytes()));
  for (const link of links) link.reset(); // What they hold must never arrive.
  for (const link of links) link.set("down", {});
  return Number.POSITIVE_INFINITY;
}

async function loseLastSecond({ redis }: Installation): Promise<number> {
  const sinceMs = Date.now();
  const syncedBytes = await redis.appendOnlyBytes();
  await delay(EVERYSEC_LOSS_MS);
  await redis.powerLoss(syncedBytes);
  return sinceMs;
}
