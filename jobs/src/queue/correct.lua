-- Corrects what is held under limits by what runs in Postgres: jobs of killed workers go, jobs that began before there was a limit, or
-- before Redis was wiped, come. A job counts as running when it ran at this look and at the one before, so that one that
-- ends at this moment does not stay; one that was popped lately is left alone, for it may not be claimed yet.
-- KEYS[1]: the pool's prefix.  ARGV[1]: when Postgres was asked, ms.  ARGV: id, tenant, kind, before ('1' or '0'), repeated.
local LATELY_MS = 5000
local p = KEYS[1]
local asked = tonumber(ARGV[1])
local running = {}
for i = 2, #ARGV, 4 do
  local id, tenant, kind, before = ARGV[i], ARGV[i + 1], ARGV[i + 2], ARGV[i + 3]
  for _, field in ipairs({ 'tenant:' .. tenant, 'kind:' .. kind, 'kind:' .. tenant .. ':' .. kind }) do
    if redis.call('HEXISTS', p .. ':limits', field) == 1 then
      running[field] = running[field] or {}
      running[field][id] = true
      if before == '1' then
        redis.call('ZADD', p .. ':held:' .. field, 'NX', asked - LATELY_MS, id)
        redis.call('SADD', p .. ':held', field)
      end
    end
  end
end
local gone = 0
for _, field in ipairs(redis.call('SMEMBERS', p .. ':held')) do
  for _, id in ipairs(redis.call('ZRANGE', p .. ':held:' .. field, '-inf', asked - LATELY_MS, 'BYSCORE')) do
    if not (running[field] and running[field][id]) then gone = gone + redis.call('ZREM', p .. ':held:' .. field, id) end
  end
  if redis.call('EXISTS', p .. ':held:' .. field) == 0 then redis.call('SREM', p .. ':held', field) end
end
if gone > 0 and redis.call('EXISTS', p .. ':queued') == 1 then redis.call('PUBLISH', p .. ':bell', gone) end
return gone
