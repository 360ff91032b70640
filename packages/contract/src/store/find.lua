-- Reads a job and, while it waits, its place in the queue; each step is O(1) or O(log n) of the queue's length.
-- KEYS  1 prefix
-- ARGV  1 jobId  2 start of the queue's own keys (BullMQ 6: lists `wait` and `active`, sorted sets `prioritized` and `delayed`)
-- Returns {record (flat fields and values; empty: unknown)} and, where its place is known,
--   {ahead: jobs that run before it, active: jobs under way, slots: of all workers, meanMs: an attempt keeps one (-1: unknown),
--    delayMs: until it may run (-1: nobody knows, it does not wait for a slot)}
local prefix, jobId, queue = KEYS[1], ARGV[1], ARGV[2]
local jobKey = prefix .. ':job:' .. jobId
local record = redis.call('HGETALL', jobKey)
local job = redis.call('HMGET', jobKey, 'state', 'after')
if job[1] ~= 'queued' and job[1] ~= 'retrying' then return {record} end

local rank, delayMs = redis.call('ZRANK', queue .. ':prioritized', jobId), 0
if not rank then
  local due = redis.call('ZSCORE', queue .. ':delayed', jobId)
  local priority = tonumber(redis.call('HGET', queue .. ':' .. jobId, 'priority') or 0)
  if not due or priority == 0 then return {record} end
  -- It comes back behind all that have its priority; scores are priority * 2^32 + counter, and time in ms * 2^12.
  rank = redis.call('ZCOUNT', queue .. ':prioritized', '-inf', string.format('(%.0f', (priority + 1) * 0x100000000))
  local time = redis.call('TIME')
  delayMs = math.max(0, math.floor(tonumber(due) / 0x1000) - (time[1] * 1000 + math.floor(time[2] / 1000)))
  -- A job that was put off without a failure waits for its repl.
  if job[1] == 'queued' then delayMs = -1 end
end
-- So does one before which a stop has to end; and nothing begins while the queue is paused.
local mustWait = job[2] and job[2] ~= '' and redis.call('ZSCORE', prefix .. ':open', job[2])
if mustWait or redis.call('HEXISTS', queue .. ':meta', 'paused') == 1 then delayMs = -1 end
return {record, {rank + redis.call('LLEN', queue .. ':wait'), redis.call('LLEN', queue .. ':active'),
  tonumber(redis.call('GET', prefix .. ':slots') or 0), math.floor(tonumber(redis.call('HGET', prefix .. ':pace', 'meanMs') or -1)), delayMs}}
