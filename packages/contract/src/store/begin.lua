-- Begins an attempt: takes the repl's lease and marks the job active, if the job may run now.
-- KEYS  1 prefix
-- ARGV  1 jobId  2 token of the attempt  3 lease, ms  4 most begins in a row that were not settled
--       5 least pause after the first failed attempt, ms; it doubles with each further one
-- Returns {outcome, detail}
--   run: the record (flat fields and values), then 1 if the repl already ran at this generation; crashed: the same    ended: the job is over or unknown    crashed: too many attempts in a row ended with their process
--   wait: another attempt holds the repl, the stop before this start has not ended, the pause after a failure is not over, or the job is of
--     a kind that only a newer worker knows; detail: ms to wait at most
local prefix, jobId, token = KEYS[1], ARGV[1], ARGV[2]
local jobKey, openKey = prefix .. ':job:' .. jobId, prefix .. ':open'
if not redis.call('ZSCORE', openKey, jobId) then return {'ended'} end

local job = redis.call('HMGET', jobKey, 'replId', 'after', 'startedAt', 'turn', 'state', 'history', 'made', 'kind')
if not job[1] then return {'ended'} end -- The record was lost.
if job[8] ~= 'start' and job[8] ~= 'stop' then return {'wait', tonumber(ARGV[3])} end
local leaseKey = prefix .. ':lease:' .. job[1]
local holder = redis.call('GET', leaseKey)
if holder and holder ~= token then return {'wait', redis.call('PTTL', leaseKey)} end
if job[2] and job[2] ~= '' and redis.call('ZSCORE', openKey, job[2]) then return {'wait', tonumber(ARGV[3])} end

local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
-- The queue reckons the pause by the clocks of workers, of which one may be wrong.
local history = job[5] == 'retrying' and cjson.decode(job[6] or '[]') or {}
local failedAt = #history > 0 and history[#history].endedAt or 0
local pauseLeft = failedAt + tonumber(ARGV[5]) * 2 ^ (tonumber(job[7]) - 1) - now
-- After a failover to a server whose clock is behind the failure lies in the future: there is no telling how much of the pause is over.
if failedAt > now then pauseLeft = 0 end
if pauseLeft > 0 then return {'wait', pauseLeft} end

-- The queue counts from one again for a job whose place was lost. An attempt that was handed back, or died, is made once more.
local made = job[5] == 'retrying' and tonumber(job[7]) + 1 or math.max(1, tonumber(job[7]))

redis.call('SET', leaseKey, token, 'PX', ARGV[3])
-- What an earlier attempt had reached is not this one's: progress would go back within it.
redis.call('HSET', jobKey, 'state', 'active', 'phase', 'queued', 'progress', 0, 'made', made, 'begunAt', now, 'begunBy', token, 'changedAt', now)
if not job[3] then redis.call('HSET', jobKey, 'startedAt', now) end
redis.call('HINCRBY', jobKey, 'version', 1)
local roundKey = prefix .. ':round'
if tonumber(job[4] or 0) > tonumber(redis.call('GET', roundKey) or 0) then redis.call('SET', roundKey, job[4]) end
local crashed = redis.call('HINCRBY', jobKey, 'begins', 1) > tonumber(ARGV[4])
local record = redis.call('HGETALL', jobKey)
redis.call('PUBLISH', prefix .. ':changes', cjson.encode(record))
local repl = redis.call('HMGET', prefix .. ':repl:' .. job[1], 'generation', 'readyGeneration')
return {crashed and 'crashed' or 'run', record, (repl[1] and repl[1] == repl[2]) and 1 or 0}
