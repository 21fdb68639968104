-- Offers jobs to a pool's workers. Idempotent by id: a job that waits already, or was popped a moment ago, is left alone.
-- KEYS[1]: the pool's prefix.  ARGV: id, tenant, priority, repeated.  Returns how many were added.
local p = KEYS[1]
local time = redis.call('TIME')
local now = tonumber(time[1]) * 1000 + math.floor(tonumber(time[2]) / 1000)
local added = 0
for i = 1, #ARGV, 3 do
  local id, tenant, priority = ARGV[i], ARGV[i + 1], ARGV[i + 2]
  local popped = redis.call('ZSCORE', p .. ':popped', id)
  -- A worker claims what it popped within milliseconds; one that has not after 5 s is dead.
  if popped and now - tonumber(popped) > 5000 then
    redis.call('ZREM', p .. ':popped', id)
    popped = false
  end
  if not popped and redis.call('SADD', p .. ':queued', id) == 1 then
    if redis.call('RPUSH', p .. ':q:' .. priority .. ':' .. tenant, id) == 1 then
      redis.call('RPUSH', p .. ':ring:' .. priority, tenant)
    end
    added = added + 1
  end
end
if added > 0 then redis.call('PUBLISH', p .. ':bell', added) end
return added
