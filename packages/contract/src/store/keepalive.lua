-- Notes that a repl is in use.
-- KEYS  1 prefix
-- ARGV  1 replId  2 user who must own it ('' for any)
-- Returns 1, or 0 when there is no such repl of that user
local replKey = KEYS[1] .. ':repl:' .. ARGV[1]
local owner = redis.call('HGET', replKey, 'userId')
if not owner or (ARGV[2] ~= '' and owner ~= ARGV[2]) then return 0 end
local time = redis.call('TIME')
redis.call('HSET', replKey, 'seenAt', time[1] * 1000 + math.floor(time[2] / 1000))
return 1
