-- Renews the leases of attempts. For one of them it is the guard before a write to the cluster.
-- KEYS  1 prefix
-- ARGV  1 lease, ms  2... jobId, replId and token of each
-- Returns for each of them ok | cancelled (the job has ended) | lost (another attempt may hold the repl)
local openKey, holds = KEYS[1] .. ':open', {}
for i = 2, #ARGV, 3 do
  local leaseKey = KEYS[1] .. ':lease:' .. ARGV[i + 1]
  local hold = 'ok'
  if redis.call('GET', leaseKey) ~= ARGV[i + 2] then
    hold = 'lost'
  elseif not redis.call('ZSCORE', openKey, ARGV[i]) then
    hold = 'cancelled'
  else
    redis.call('PEXPIRE', leaseKey, ARGV[1])
  end
  table.insert(holds, hold)
end
return holds
