-- What waits.
-- KEYS  1 prefix
-- Returns {jobs that have not ended, ms since the oldest of those still queued was accepted (0: none)}
-- Looks at the thousand oldest open jobs: those before a queued one are being worked on, and no fleet works on more at once.
local prefix = KEYS[1]
local openKey = prefix .. ':open'
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
local oldest = redis.call('ZRANGE', openKey, 0, 999, 'WITHSCORES')
for index = 1, #oldest, 2 do
  if redis.call('HGET', prefix .. ':job:' .. oldest[index], 'state') == 'queued' then
    return {redis.call('ZCARD', openKey), math.max(0, now - tonumber(oldest[index + 1]))}
  end
end
return {redis.call('ZCARD', openKey), 0}
