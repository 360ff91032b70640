-- Accepts a start or a stop of a repl, atomically.
-- KEYS  1 prefix (the hash tag alone; every key below is made from it and lies in its slot)
-- ARGV  1 request, JSON: {kind, replId, userId, jobId: of the new job, maxAttempts, requestId, reason: requested | idle | repair, trace?: of the request,
--         onlyIf?: {generation: that the repl must still have, unusedSinceMs?: since when it must not have been in use},
--         idempotencyKey?, rateKey?: whose requests are counted}
--       2 limits, JSON: {openStarts, userRunning, userStarting, rate: {requests, windowMs}, retentionSeconds, idempotencySeconds, lastTurn}; 0: no limit
--       3 start of the queue's own keys (BullMQ)
-- Returns JSON: {outcome, openJobs: of all users, rate?: {limit, remaining, resetMs, retryMs?}, ...}
--   accepted: the job was recorded under the new id (also when this very call is repeated after a lost reply)
--   joined: a job of this kind is under way for the repl
--   replayed: the idempotency key was used for this order before; what was answered then
--     these three with {jobId, state: to be answered, joined: true | false, queued: whether it waits for a worker now, turn: its place in the queue,
--     trace?: of a job that was there before, if the request has a trace as well}
--   foreign: the repl belongs to another user     full: too many jobs are open     outdated: the conditions of onlyIf do not hold
--   user_limit: {limit: running | starting, max}     rate_limited: too many requests     other_order: the idempotency key was used for another one
local prefix = KEYS[1]
local order, limits = cjson.decode(ARGV[1]), cjson.decode(ARGV[2])
local kind, replId, userId, jobId = order.kind, order.replId, order.userId, order.jobId
local replKey, openKey, openStopsKey = prefix .. ':repl:' .. replId, prefix .. ':open', prefix .. ':open-stops'
local userOpenKey, userRunningKey = prefix .. ':user-open:' .. userId, prefix .. ':user-running:' .. userId
local function jobKey(id) return prefix .. ':job:' .. id end

local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
local open = redis.call('ZCARD', openKey)
local rate

local function answer(outcome, more)
  local reply = more or {}
  reply.outcome, reply.openJobs, reply.rate = outcome, open, rate
  return cjson.encode(reply)
end

local function traceOf(id)
  local trace = order.trace and redis.call('HGET', jobKey(id), 'trace')
  return trace and cjson.decode(trace) or nil
end

-- Generic cell rate (GCRA): one number for each client, the time at which its bucket is full again.
if order.rateKey and limits.rate.requests > 0 then
  local window, rateKey = limits.rate.windowMs, prefix .. ':rate:' .. order.rateKey
  local interval = window / limits.rate.requests
  -- Between now and a window from now: what is kept may be by a clock that was ahead.
  local full = math.max(math.min(tonumber(redis.call('GET', rateKey) or now), now + window), now) + interval
  local over = full - now - window
  if over > 0 then
    rate = {limit = limits.rate.requests, remaining = 0, resetMs = math.ceil(full - interval - now), retryMs = math.ceil(over)}
    return answer('rate_limited')
  end
  redis.call('SET', rateKey, string.format('%.3f', full), 'PX', math.ceil(full - now))
  -- Plus 0, which makes 0 of the -0 that JSON would keep.
  rate = {limit = limits.rate.requests, remaining = math.floor(-over / interval) + 0, resetMs = math.ceil(full - now)}
end

-- The length keeps the parts apart, since both may hold any character.
local idempotencyKey = order.idempotencyKey and prefix .. ':idempotency:' .. #userId .. ':' .. userId .. ':' .. order.idempotencyKey
if idempotencyKey then
  local seen = redis.call('HMGET', idempotencyKey, 'kind', 'replId', 'jobId', 'state', 'joined')
  if seen[1] and (seen[1] ~= kind or seen[2] ~= replId) then return answer('other_order') end
  local job = seen[1] and seen[3] ~= jobId and redis.call('HMGET', jobKey(seen[3]), 'state', 'turn')
  -- A job that is no longer kept cannot be answered again: its address would be unknown, and nothing would happen.
  if job and job[1] then
    return answer('replayed', {jobId = seen[3], state = seen[4], joined = seen[5] == '1', queued = job[1] == 'queued',
      turn = tonumber(job[2] or 1), trace = traceOf(seen[3])})
  end
end

local function admitted(outcome, id, state, turn)
  local joined = outcome == 'joined'
  if idempotencyKey then
    redis.call('HSET', idempotencyKey, 'kind', kind, 'replId', replId, 'jobId', id, 'state', state, 'joined', joined and '1' or '0')
    redis.call('EXPIRE', idempotencyKey, limits.idempotencySeconds)
  end
  return answer(outcome,
    {jobId = id, state = state, joined = joined, queued = state == 'queued', turn = tonumber(turn or 1), trace = joined and traceOf(id) or nil})
end

local repl = redis.call('HMGET', replKey, 'userId', 'desired', 'generation', 'jobId', 'seenAt')
local owner, desired, generation, currentId = repl[1], repl[2], tonumber(repl[3] or 0), repl[4]
if owner and owner ~= userId then return answer('foreign') end
if currentId == jobId then
  local job = redis.call('HMGET', jobKey(jobId), 'state', 'turn')
  return admitted('accepted', jobId, job[1], job[2])
end
local onlyIf = order.onlyIf
if onlyIf and generation ~= onlyIf.generation then return answer('outdated') end
if onlyIf and onlyIf.unusedSinceMs and tonumber(repl[5] or 0) > onlyIf.unusedSinceMs then return answer('outdated') end

-- The repl's latest job, if it has not ended and its record was not lost; `after` is the stop that it waits for itself.
local current
if currentId and redis.call('ZSCORE', openKey, currentId) then
  local fields = redis.call('HMGET', jobKey(currentId), 'kind', 'after', 'state', 'turn')
  current = fields[1] and {kind = fields[1], after = fields[2] or '', state = fields[3], turn = fields[4]}
end
if current and current.kind == kind then return admitted('joined', currentId, current.state, current.turn) end

local userOpen = redis.call('ZCARD', userOpenKey)
local function cancelCurrent()
  open = open - redis.call('ZREM', openKey, currentId)
  userOpen = userOpen - redis.call('ZREM', userOpenKey, currentId)
  redis.call('HSET', jobKey(currentId), 'state', 'cancelled', 'message', 'Cancelled: the repl was stopped.', 'finishedAt', now, 'changedAt', now)
  redis.call('HINCRBY', jobKey(currentId), 'version', 1)
  redis.call('EXPIRE', jobKey(currentId), limits.retentionSeconds)
  redis.call('PUBLISH', prefix .. ':cancelled', currentId)
  redis.call('PUBLISH', prefix .. ':changes', cjson.encode(redis.call('HGETALL', jobKey(currentId))))
end

local wanted = kind == 'start' and 'running' or 'stopped'
-- Writes what is wanted of the repl from now on, and the job that sees to it.
local function intend(id)
  local intent = {'jobId', id, 'lastState', '', 'startFailed', 0}
  if order.reason == 'requested' then intent[7], intent[8] = 'seenAt', now end
  -- A repl belongs to its first user for good; a name that was only ever stopped, for as long as its last stop is kept (settle.lua).
  if owner and desired == 'stopped' then redis.call('PERSIST', replKey) end
  if desired == wanted then
    redis.call('HSET', replKey, unpack(intent))
    return
  end
  generation = generation + 1
  redis.call('HSET', replKey, 'userId', userId, 'desired', wanted, 'generation', generation, 'changedAt', now, unpack(intent))
  if kind == 'start' then
    redis.call('ZADD', prefix .. ':user-repls:' .. userId, 0, replId) -- All with one score, so in the order of their ids.
  end
  local move = wanted == 'running' and 'SADD' or 'SREM'
  redis.call(move, prefix .. ':running', replId)
  redis.call(move, userRunningKey, replId)
end

-- A start that still waits for a stop has made nothing, so that stop does what is asked. A further one each time would let
-- one user fill the queue by a start and a stop in turn.
if current and kind == 'stop' and current.after ~= '' and redis.call('ZSCORE', openKey, current.after) then
  cancelCurrent()
  intend(current.after)
  local stop = redis.call('HMGET', jobKey(current.after), 'state', 'turn')
  return admitted('joined', current.after, stop[1], stop[2])
end

-- How many starts of the user are open; one that the sweep forgot, since its record was lost, is dropped here.
local function openStarts()
  for _, id in ipairs(redis.call('ZRANGE', userOpenKey, 1, 1, 'BYSCORE')) do
    if not redis.call('ZSCORE', openKey, id) then redis.call('ZREM', userOpenKey, id) end
  end
  return redis.call('ZCOUNT', userOpenKey, 1, 1)
end

if kind == 'start' then
  -- Stops are always taken, so they must not take the place of others' starts either.
  local starts = limits.openStarts > 0 and open >= limits.openStarts and open - redis.call('SCARD', openStopsKey) or -1
  if starts >= limits.openStarts then return answer('full') end
  -- Open starts have the score 1, open stops 0; they need no telling apart while both together are few.
  local starting = limits.userStarting > 0 and userOpen >= limits.userStarting and openStarts() or -1
  if starting >= limits.userStarting then return answer('user_limit', {limit = 'starting', max = limits.userStarting}) end
  local running = limits.userRunning > 0 and desired ~= wanted and redis.call('SCARD', userRunningKey) or -1
  if running >= limits.userRunning then return answer('user_limit', {limit = 'running', max = limits.userRunning}) end
end

-- A stop ends a start that is under way; a start waits for a stop that is under way.
local after = current and kind == 'start' and currentId or ''
if current and kind == 'stop' then cancelCurrent() end

-- Fair queueing by rounds: the round is the highest turn that has begun; a user's n-th open job has its turn n rounds on.
-- Jobs of a later round wait, so nobody is overtaken for ever. Counting begins anew while nothing waits that has a number.
local roundKey = prefix .. ':round'
local round = tonumber(redis.call('GET', roundKey) or 0)
if round > 0 and (open == 0 or (round > limits.lastTurn / 2 and redis.call('ZCARD', ARGV[3] .. ':prioritized') == 0)) then
  redis.call('DEL', roundKey)
  round = 0
end
local turn = math.min(round + userOpen + 1, limits.lastTurn)

intend(jobId)

-- As text throughout, since it is published as HGETALL would give it, which costs more than to have it at hand.
local record = {'jobId', jobId, 'kind', kind, 'replId', replId, 'userId', userId, 'generation', tostring(generation),
  'state', 'queued', 'phase', 'queued', 'phases', cjson.encode({{phase = 'queued', enteredAt = now}}), 'progress', '0',
  'message', 'Waiting for a worker.', 'made', '0', 'max', tostring(order.maxAttempts), 'createdAt', tostring(now),
  'requestId', order.requestId, 'reason', order.reason, 'after', after, 'turn', tostring(turn), 'version', '1', 'changedAt', tostring(now)}
if order.trace then record[#record + 1], record[#record + 2] = 'trace', cjson.encode(order.trace) end
-- Before what counts it as open: of this script's writes Redis may keep the first ones alone (test/half-accepted.test.ts).
redis.call('HSET', jobKey(jobId), unpack(record))
open = open + redis.call('ZADD', openKey, now, jobId)
redis.call('ZADD', userOpenKey, kind == 'start' and 1 or 0, jobId)
if kind == 'stop' then redis.call('SADD', openStopsKey, jobId) end
redis.call('PUBLISH', prefix .. ':changes', cjson.encode(record))
return admitted('accepted', jobId, 'queued', turn)
