-- Corrects what is held under limits by what runs in Postgres: jobs of killed workers go, jobs that began before there was a limit, or
-- before Redis was wiped, come, and of several places of one job that runs the newest stays. A job counts as running when it ran at this
-- look and at the one before, so that one that ends at this moment does not stay; a place that was taken lately is left alone, for its job
-- may not be claimed yet.
-- KEYS[1]: the pool's prefix.  ARGV[1]: when Postgres was asked, ms.  ARGV: id, tenant, kind, before ('1' or '0'), repeated.
local LATELY_MS = 5000
local p = KEYS[1]
local lately = tonumber(ARGV[1]) - LATELY_MS
local running, before = {}, {}
for i = 2, #ARGV, 4 do
  local id, tenant, kind = ARGV[i], ARGV[i + 1], ARGV[i + 2]
  before[id] = ARGV[i + 3] == '1'
  for _, field in ipairs({ 'tenant:' .. tenant, 'kind:' .. kind, 'kind:' .. tenant .. ':' .. kind }) do
    if redis.call('HEXISTS', p .. ':limits', field) == 1 then
      running[field] = running[field] or {}
      running[field][id] = true
      redis.call('SADD', p .. ':held', field)
    end
  end
end
local gone = 0
for _, field in ipairs(redis.call('SMEMBERS', p .. ':held')) do
  local key, runs, kept, found = p .. ':held:' .. field, running[field] or {}, {}, {}
  local places = redis.call('ZRANGE', key, 0, -1, 'REV', 'WITHSCORES')
  for i = 1, #places, 2 do
    local place, since = places[i], tonumber(places[i + 1])
    local id = place:match('^[^/]*')
    if since > lately then
      found[id] = true
    elseif runs[id] and not kept[id] then
      kept[id], found[id] = true, true
    else
      gone = gone + redis.call('ZREM', key, place)
    end
  end
  for id in pairs(runs) do
    if before[id] and not found[id] then redis.call('ZADD', key, lately, id .. '/0') end
  end
  if redis.call('EXISTS', key) == 0 then redis.call('SREM', p .. ':held', field) end
end
if gone > 0 and redis.call('EXISTS', p .. ':queued') == 1 then redis.call('PUBLISH', p .. ':bell', gone) end
return gone
