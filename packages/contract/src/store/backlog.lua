-- What waits.
-- KEYS  1 prefix
-- ARGV  1 start of the queue's own keys (BullMQ 6)
-- Returns {jobs that have not ended, ms since the oldest of those still queued was accepted (0: none),
--   the queue's jobs that are waiting, prioritized, active, delayed, failed}
-- Looks at the thousand oldest open jobs: those before a queued one are being worked on, and no fleet works on more at once.
local prefix, queue = KEYS[1], ARGV[1]
local openKey = prefix .. ':open'
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)

local function oldestWait()
  local oldest = redis.call('ZRANGE', openKey, 0, 999, 'WITHSCORES')
  for index = 1, #oldest, 2 do
    if redis.call('HGET', prefix .. ':job:' .. oldest[index], 'state') == 'queued' then
      return math.max(0, now - tonumber(oldest[index + 1]))
    end
  end
  return 0
end

return {redis.call('ZCARD', openKey), oldestWait(), redis.call('LLEN', queue .. ':wait'), redis.call('ZCARD', queue .. ':prioritized'),
  redis.call('LLEN', queue .. ':active'), redis.call('ZCARD', queue .. ':delayed'), redis.call('ZCARD', queue .. ':failed')}
