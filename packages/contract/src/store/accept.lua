-- Accepts a start or a stop of a repl, atomically.
-- KEYS  1 prefix (the hash tag alone; every key below is made from it and lies in its slot)
-- ARGV  1 kind  2 replId  3 userId  4 new jobId  5 max attempts  6 request id  7 most open jobs (0: no limit)  8 job retention, seconds
--       9 reason: requested | idle | repair  10 generation that the repl must still have ('' for any)  11 time (ms) since which it must not
--       have been in use ('' for any)
-- Returns {outcome, jobId, open jobs of all users, state of the job}
--   accepted: the job was recorded under the new id (also when this very call is repeated after a lost reply)
--   joined: a job of this kind is under way for the repl; its id
--   foreign: the repl belongs to another user     full: too many jobs are open     outdated: conditions 10 or 11 do not hold
local prefix = KEYS[1]
local kind, replId, userId, jobId = ARGV[1], ARGV[2], ARGV[3], ARGV[4]
local replKey, openKey = prefix .. ':repl:' .. replId, prefix .. ':open'
local function jobKey(id) return prefix .. ':job:' .. id end

local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
local open = redis.call('ZCARD', openKey)

local repl = redis.call('HMGET', replKey, 'userId', 'desired', 'generation', 'jobId', 'seenAt')
local owner, desired, generation, currentId = repl[1], repl[2], tonumber(repl[3] or 0), repl[4]
if owner and owner ~= userId then return {'foreign', '', open} end
if currentId == jobId then return {'accepted', jobId, open, redis.call('HGET', jobKey(jobId), 'state')} end
if ARGV[10] ~= '' and generation ~= tonumber(ARGV[10]) then return {'outdated', '', open} end
if ARGV[11] ~= '' and tonumber(repl[5] or 0) > tonumber(ARGV[11]) then return {'outdated', '', open} end

-- The repl's latest job, if it has not ended; `after` is the stop that it waits for itself.
local current
if currentId and redis.call('ZSCORE', openKey, currentId) then
  local fields = redis.call('HMGET', jobKey(currentId), 'kind', 'after', 'state')
  current = {kind = fields[1], after = fields[2] or '', state = fields[3]}
end
if current and current.kind == kind then return {'joined', currentId, open, current.state} end

local limit = tonumber(ARGV[7])
if kind == 'start' and limit > 0 and open >= limit then return {'full', '', open} end

-- A stop ends a start that is under way; a start waits for a stop that is under way.
local after = ''
if current and kind == 'start' then after = currentId end
if current and kind == 'stop' then
  after = current.after
  redis.call('HSET', jobKey(currentId), 'state', 'cancelled', 'message', 'Cancelled: the repl was stopped.', 'finishedAt', now)
  redis.call('HINCRBY', jobKey(currentId), 'version', 1)
  redis.call('EXPIRE', jobKey(currentId), ARGV[8])
  redis.call('ZREM', openKey, currentId)
  redis.call('PUBLISH', prefix .. ':cancelled', currentId)
  redis.call('PUBLISH', prefix .. ':changes', cjson.encode(redis.call('HGETALL', jobKey(currentId))))
end

local wanted = kind == 'start' and 'running' or 'stopped'
if desired ~= wanted then
  generation = generation + 1
  redis.call('HSET', replKey, 'userId', userId, 'desired', wanted, 'generation', generation, 'changedAt', now)
  -- A repl belongs to its first user for good; a name that was only ever stopped is not taken.
  if kind == 'start' then
    redis.call('PERSIST', replKey)
    redis.call('SADD', prefix .. ':user-repls:' .. userId, replId)
  elseif not owner then
    redis.call('EXPIRE', replKey, ARGV[8])
  end
  local move = wanted == 'running' and 'SADD' or 'SREM'
  redis.call(move, prefix .. ':running', replId)
  redis.call(move, prefix .. ':user-running:' .. userId, replId)
end
redis.call('HSET', replKey, 'jobId', jobId, 'lastState', '')
if ARGV[9] == 'requested' then redis.call('HSET', replKey, 'seenAt', now) end

redis.call('HSET', jobKey(jobId), 'jobId', jobId, 'kind', kind, 'replId', replId, 'userId', userId, 'generation', generation,
  'state', 'queued', 'phase', 'queued', 'progress', 0, 'message', 'Waiting for a worker.', 'made', 0, 'max', ARGV[5],
  'createdAt', now, 'requestId', ARGV[6], 'reason', ARGV[9], 'after', after, 'version', 1)
redis.call('ZADD', openKey, now, jobId)
redis.call('PUBLISH', prefix .. ':changes', cjson.encode(redis.call('HGETALL', jobKey(jobId))))
return {'accepted', jobId, open + 1, 'queued'}
