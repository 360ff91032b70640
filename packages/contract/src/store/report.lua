-- Writes what an attempt has changed and renews its lease.
-- KEYS  1 prefix
-- ARGV  1 jobId  2 replId  3 token  4 lease, ms  5 start of the queue's own keys (BullMQ)  6... fields and values of the record
-- Returns ok | cancelled (the job has ended, or its record was lost) | lost (another attempt may hold the repl)
local prefix, jobId = KEYS[1], ARGV[1]
local jobKey, leaseKey = prefix .. ':job:' .. jobId, prefix .. ':lease:' .. ARGV[2]
if redis.call('GET', leaseKey) ~= ARGV[3] then return 'lost' end
if not redis.call('ZSCORE', prefix .. ':open', jobId) then return 'cancelled' end
redis.call('PEXPIRE', leaseKey, ARGV[4])
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
local before = redis.call('HMGET', jobKey, 'phase', 'phases')
if not before[1] then return 'cancelled' end
redis.call('HSET', jobKey, 'changedAt', now, unpack(ARGV, 6))
local after = redis.call('HMGET', jobKey, 'phase', 'progress', 'message')
local phase, phases = after[1], cjson.decode(before[2] or '[]')
-- Pods that start over again and again must not make the record grow without bound.
if phase ~= before[1] and #phases < 30 then
  table.insert(phases, {phase = phase, enteredAt = now})
  redis.call('HSET', jobKey, 'phases', cjson.encode(phases))
end
-- What the dashboard shows of a job; as BullMQ's own script writes it, which would cost a round trip more for each report.
local queuedKey = ARGV[5] .. ':' .. jobId
if redis.call('HEXISTS', queuedKey, 'name') == 1 then
  redis.call('HSET', queuedKey, 'progress', cjson.encode({phase = phase, progress = tonumber(after[2]), message = after[3]}))
end
redis.call('HINCRBY', jobKey, 'version', 1)
redis.call('PUBLISH', prefix .. ':changes', cjson.encode(redis.call('HGETALL', jobKey)))
return 'ok'
