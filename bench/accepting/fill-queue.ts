import { randomUUID } from "node:crypto";
import { DEFAULT_PREFIX } from "@repl/contract";
import type { TestRedis } from "@repl/testkit";
import { Redis } from "ioredis";

const JOBS_AT_A_TIME = 1_000;

/**
 * Copies of one accepted job, each under ids and for a repl of its own: what the api and BullMQ wrote for it, key by key.
 * KEYS 1 prefix; ARGV 1 the job's id, 2 its repl, 3 its user, 4 how the copies' ids begin, 5 the first one's number, 6 how many.
 */
const COPY = `
local prefix, id, replId, userId = KEYS[1], ARGV[1], ARGV[2], ARGV[3]
local queue = prefix .. ':repls'
local record, intent, queued = redis.call('HGETALL', prefix .. ':job:' .. id), redis.call('HGETALL', prefix .. ':repl:' .. replId), redis.call('HGETALL', queue .. ':' .. id)
local score, since = redis.call('ZSCORE', queue .. ':prioritized', id), redis.call('ZSCORE', prefix .. ':open', id)
local function copy(fields, jobId, repl, user)
  local new = {}
  for i, text in ipairs(fields) do
    if text == id then text = jobId elseif text == replId then text = repl elseif text == userId then text = user end
    new[i] = text
  end
  return unpack(new)
end
for n = ARGV[5] + 0, ARGV[5] + ARGV[6] - 1 do
  local jobId, repl, user = string.format('%s%012d', ARGV[4], n), 'filled-' .. n, 'filler-' .. n % 10000
  redis.call('HSET', prefix .. ':job:' .. jobId, copy(record, jobId, repl, user))
  redis.call('HSET', prefix .. ':repl:' .. repl, copy(intent, jobId, repl, user))
  redis.call('ZADD', prefix .. ':open', since, jobId)
  redis.call('ZADD', prefix .. ':user-open:' .. user, 1, jobId)
  redis.call('SADD', prefix .. ':running', repl)
  redis.call('SADD', prefix .. ':user-running:' .. user, repl)
  redis.call('ZADD', prefix .. ':user-repls:' .. user, 0, repl)
  redis.call('HSET', queue .. ':' .. jobId, copy(queued, jobId, repl, user))
  redis.call('ZADD', queue .. ':prioritized', string.format('%.0f', score + n), jobId)
end
redis.call('INCRBY', queue .. ':pc', ARGV[6])`;

/** A job that waits in the queue. */
export interface WaitingJob {
  readonly jobId: string;
  readonly replId: string;
  readonly userId: string;
}

/** Puts so many copies of a waiting job into the queue of the api on this Redis. */
export async function fillQueue(
  { url }: TestRedis,
  { jobId, replId, userId }: WaitingJob,
  count: number,
): Promise<void> {
  const redis = new Redis(url);
  const begin = randomUUID().slice(0, -12);
  for (let from = 0; from < count; from += JOBS_AT_A_TIME) {
    const size = Math.min(JOBS_AT_A_TIME, count - from);
    await redis.eval(COPY, 1, DEFAULT_PREFIX, jobId, replId, userId, begin, from, size);
  }
  redis.disconnect();
}
