-- Begins an attempt: takes the repl's lease and marks the job active, if the job may run now.
-- KEYS  1 prefix
-- ARGV  1 jobId  2 token of the attempt  3 lease, ms  4 attempts made, this one included  5 most begins in a row that were not settled
-- Returns {outcome, detail}
--   run: the record (flat fields and values), then 1 if the repl already ran at this generation; crashed: the same    ended: the job is over or unknown    crashed: too many attempts in a row ended with their process
--   wait: another attempt holds the repl, or the stop before this start has not ended; detail: ms to wait at most
local prefix, jobId, token = KEYS[1], ARGV[1], ARGV[2]
local jobKey, openKey = prefix .. ':job:' .. jobId, prefix .. ':open'
if not redis.call('ZSCORE', openKey, jobId) then return {'ended'} end

local job = redis.call('HMGET', jobKey, 'replId', 'after', 'startedAt')
local leaseKey = prefix .. ':lease:' .. job[1]
local holder = redis.call('GET', leaseKey)
if holder and holder ~= token then return {'wait', redis.call('PTTL', leaseKey)} end
if job[2] and job[2] ~= '' and redis.call('ZSCORE', openKey, job[2]) then return {'wait', tonumber(ARGV[3])} end

redis.call('SET', leaseKey, token, 'PX', ARGV[3])
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
redis.call('HSET', jobKey, 'state', 'active', 'made', ARGV[4], 'begunAt', now)
if not job[3] then redis.call('HSET', jobKey, 'startedAt', now) end
redis.call('HINCRBY', jobKey, 'version', 1)
local crashed = redis.call('HINCRBY', jobKey, 'begins', 1) > tonumber(ARGV[5])
local record = redis.call('HGETALL', jobKey)
redis.call('PUBLISH', prefix .. ':changes', cjson.encode(record))
local repl = redis.call('HMGET', prefix .. ':repl:' .. job[1], 'generation', 'readyGeneration')
return {crashed and 'crashed' or 'run', record, (repl[1] and repl[1] == repl[2]) and 1 or 0}
