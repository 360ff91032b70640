-- Ends an attempt: gives the lease back and records the outcome, unless the job has ended meanwhile.
-- KEYS  1 prefix
-- ARGV  1 jobId  2 replId  3 token  4 state: completed | failed | retrying | queued
--       5 job retention, seconds  6 code of the failure ('' for none)  7 how long the pace is remembered, seconds
--       8 start of the queue's own keys (BullMQ)  9... fields and values of the record
-- Returns ok | cancelled (it has ended, or its record was lost) | lost. A settled job's lease is gone in each case but `lost`.
local prefix, jobId, replId, token, state = KEYS[1], ARGV[1], ARGV[2], ARGV[3], ARGV[4]
local jobKey, replKey, leaseKey = prefix .. ':job:' .. jobId, prefix .. ':repl:' .. replId, prefix .. ':lease:' .. replId
if redis.call('GET', leaseKey) ~= token then
  -- The attempt has outlived its lease, not its process, which is what `begins` counts. Unless the next one has begun.
  if redis.call('HGET', jobKey, 'begunBy') == token then redis.call('HSET', jobKey, 'begins', 0) end
  return 'lost'
end
redis.call('DEL', leaseKey)
if not redis.call('ZSCORE', prefix .. ':open', jobId) then return 'cancelled' end

local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
local job = redis.call('HMGET', jobKey, 'made', 'begunAt', 'history', 'userId')
if not job[1] then return 'cancelled' end
local history = cjson.decode(job[3] or '[]')
-- A job that workers keep handing on must not grow without bound.
if #history < 20 then
  table.insert(history, {attempt = tonumber(job[1]), startedAt = tonumber(job[2]), endedAt = now, outcome = state, code = ARGV[6]})
end
redis.call('HSET', jobKey, 'state', state, 'changedAt', now, 'begins', 0, 'history', cjson.encode(history), unpack(ARGV, 9))
redis.call('HINCRBY', jobKey, 'version', 1)

-- What the dashboard shows of a job, as a report does.
local queuedKey, shown = ARGV[8] .. ':' .. jobId, redis.call('HMGET', jobKey, 'phase', 'progress', 'message')
if redis.call('HEXISTS', queuedKey, 'name') == 1 then
  redis.call('HSET', queuedKey, 'progress', cjson.encode({phase = shown[1], progress = tonumber(shown[2]), message = shown[3]}))
end

-- The pace: how long an attempt keeps a worker's slot, as the mean of all at first, then weighted towards the last ten.
if state ~= 'queued' then
  local paceKey = prefix .. ':pace'
  local tookMs = math.max(0, now - tonumber(job[2]))
  local weight = math.max(1 / redis.call('HINCRBY', paceKey, 'attempts', 1), 0.1)
  local meanMs = tonumber(redis.call('HGET', paceKey, 'meanMs') or 0)
  redis.call('HSET', paceKey, 'meanMs', string.format('%.1f', meanMs + (tookMs - meanMs) * weight))
  redis.call('EXPIRE', paceKey, ARGV[7])
end
if state == 'completed' or state == 'failed' then
  redis.call('HSET', jobKey, 'finishedAt', now)
  redis.call('EXPIRE', jobKey, ARGV[5])
  redis.call('SREM', prefix .. ':open-stops', jobId) -- First: one that stayed here alone would count against the open starts for ever.
  redis.call('ZREM', prefix .. ':open', jobId)
  redis.call('ZREM', prefix .. ':user-open:' .. job[4], jobId)

  local repl = redis.call('HMGET', replKey, 'jobId', 'desired', 'generation', 'readyGeneration', 'userId')
  if repl[1] == jobId then redis.call('HSET', replKey, 'lastState', state, 'settledAt', now) end
  -- The first generation is a stop's only where nobody has ever started the repl.
  if repl[1] == jobId and repl[2] == 'stopped' and repl[3] == '1' then redis.call('EXPIRE', replKey, ARGV[5]) end
  if repl[1] == jobId and repl[2] == 'running' then
    if state == 'completed' then
      redis.call('HSET', replKey, 'readyGeneration', repl[3], 'readyAt', now, 'urls', redis.call('HGET', jobKey, 'urls') or '[]')
    elseif repl[4] ~= repl[3] then
      -- The repl never ran at this generation: its start leaves nothing, so it is meant to be stopped from now on.
      redis.call('HSET', replKey, 'desired', 'stopped', 'generation', repl[3] + 1, 'changedAt', now, 'startFailed', 1)
      redis.call('SREM', prefix .. ':running', replId)
      redis.call('SREM', prefix .. ':user-running:' .. repl[5], replId)
    end
  end
end
redis.call('PUBLISH', prefix .. ':changes', cjson.encode(redis.call('HGETALL', jobKey)))
return 'ok'
