-- Pops up to ARGV[1] jobs: the highest priority first, within it one job a tenant in turn, so that one tenant's backlog never
-- delays another's job by more than a turn. Popped ids are remembered until Postgres has claimed them.
-- KEYS[1]: the pool's prefix.  Returns ids.
local p = KEYS[1]
local wanted = tonumber(ARGV[1])
local time = redis.call('TIME')
local now = tonumber(time[1]) * 1000 + math.floor(tonumber(time[2]) / 1000)
local ids = {}
for priority = 0, 2 do
  local ring = p .. ':ring:' .. priority
  while #ids < wanted do
    local tenant = redis.call('LPOP', ring)
    if not tenant then break end
    local q = p .. ':q:' .. priority .. ':' .. tenant
    local id = redis.call('LPOP', q)
    if id then
      if redis.call('LLEN', q) > 0 then redis.call('RPUSH', ring, tenant) end
      redis.call('SREM', p .. ':queued', id)
      redis.call('ZADD', p .. ':popped', now, id)
      ids[#ids + 1] = id
    end
  end
end
return ids
