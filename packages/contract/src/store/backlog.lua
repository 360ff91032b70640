-- What waits.
-- KEYS  1 prefix
-- ARGV  1 start of the queue's own keys (BullMQ 6)
-- Returns {jobs that have not ended, ms since the oldest of those still queued was accepted (0: none),
--   the queue's jobs that are waiting, prioritized, active, delayed, failed}
-- Of more open jobs than it looks at, all of them being worked on or between two attempts, the next one counts as queued.
local prefix, queue = KEYS[1], ARGV[1]
local openKey = prefix .. ':open'
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)

-- Each look takes a microsecond, in which Redis does nothing else.
local LOOKS, PAGE = 10000, 1000

local function oldestWait()
  for from = 0, LOOKS - 1, PAGE do
    local page = redis.call('ZRANGE', openKey, from, from + PAGE - 1, 'WITHSCORES')
    for index = 1, #page, 2 do
      if redis.call('HGET', prefix .. ':job:' .. page[index], 'state') == 'queued' then
        return math.max(0, now - tonumber(page[index + 1]))
      end
    end
    if #page < 2 * PAGE then return 0 end
  end
  local beyond = redis.call('ZRANGE', openKey, LOOKS, LOOKS, 'WITHSCORES')
  return beyond[2] and math.max(0, now - tonumber(beyond[2])) or 0
end

return {redis.call('ZCARD', openKey), oldestWait(), redis.call('LLEN', queue .. ':wait'), redis.call('ZCARD', queue .. ':prioritized'),
  redis.call('LLEN', queue .. ':active'), redis.call('ZCARD', queue .. ':delayed'), redis.call('ZCARD', queue .. ':failed')}
