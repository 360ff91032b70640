-- Keeps the attempt's lease and writes what changed. Without fields it is the guard before a write to the cluster.
-- KEYS  1 prefix
-- ARGV  1 jobId  2 replId  3 token  4 lease, ms  5... fields and values of the record
-- Returns ok | cancelled (the job has ended) | lost (another attempt may hold the repl)
local prefix, jobId = KEYS[1], ARGV[1]
local jobKey, leaseKey = prefix .. ':job:' .. jobId, prefix .. ':lease:' .. ARGV[2]
if redis.call('GET', leaseKey) ~= ARGV[3] then return 'lost' end
if not redis.call('ZSCORE', prefix .. ':open', jobId) then return 'cancelled' end
redis.call('PEXPIRE', leaseKey, ARGV[4])
if #ARGV > 4 then
  redis.call('HSET', jobKey, unpack(ARGV, 5))
  redis.call('HINCRBY', jobKey, 'version', 1)
  redis.call('PUBLISH', prefix .. ':changes', cjson.encode(redis.call('HGETALL', jobKey)))
end
return 'ok'
