-- Notes how many jobs a worker takes at a time, until it says so again, and adds up those of all workers.
-- KEYS  1 prefix
-- ARGV  1 id of the worker (no colon)  2 its slots; 0: it takes no more jobs  3 how long this holds, ms
local workersKey, slotsKey = KEYS[1] .. ':workers', KEYS[1] .. ':slots'
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
redis.call('ZREMRANGEBYSCORE', workersKey, '-inf', now)
for _, member in ipairs(redis.call('ZRANGE', workersKey, 0, -1)) do
  if member:match('^[^:]*') == ARGV[1] then redis.call('ZREM', workersKey, member) end
end
if ARGV[2] ~= '0' then redis.call('ZADD', workersKey, now + ARGV[3], ARGV[1] .. ':' .. ARGV[2]) end
local slots = 0
for _, member in ipairs(redis.call('ZRANGE', workersKey, 0, -1)) do slots = slots + member:match(':(%d+)$') end
redis.call('PEXPIRE', workersKey, ARGV[3])
if slots == 0 then redis.call('DEL', slotsKey) else redis.call('SET', slotsKey, string.format('%.0f', slots), 'PX', ARGV[3]) end
return slots
