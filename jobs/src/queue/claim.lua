-- Pops up to ARGV[1] jobs, one a turn: the highest priority first, within it tenant after tenant, within a tenant kind after kind, so that no
-- backlog delays another tenant by more than a turn. A tenant's weight is how many turns it has before the next one's; a tenant or
-- kind that runs as many jobs as it may is skipped; a priority that was passed over PATIENCE times has the next turn.
-- Popped ids are remembered until Postgres has claimed them.
-- KEYS[1]: the pool's prefix.  ARGV[2…]: tenants to pass over.  Returns id, tenant, priority, kind, held ('1' or '0') for each.
local PATIENCE = 8
local p = KEYS[1]
local wanted = tonumber(ARGV[1])
local passed_over = {}
for i = 2, #ARGV do passed_over[ARGV[i]] = true end
local time = redis.call('TIME')
local now = tonumber(time[1]) * 1000 + math.floor(tonumber(time[2]) / 1000)

-- What may run at once under a field of the limits, and how much does: see limits.lua.
local limited = redis.call('EXISTS', p .. ':limits') == 1
local most, running = {}, {}
local function limit(field)
  if most[field] == nil then most[field] = tonumber(redis.call('HGET', p .. ':limits', field) or '') or false end
  return most[field]
end
local function full(field)
  if not limited or not limit(field) then return false end
  running[field] = running[field] or redis.call('ZCARD', p .. ':held:' .. field)
  return running[field] >= limit(field)
end
local function hold(field, id)
  if not limited or not limit(field) then return false end
  redis.call('ZADD', p .. ':held:' .. field, now, id)
  redis.call('SADD', p .. ':held', field)
  running[field] = redis.call('ZCARD', p .. ':held:' .. field)
  return true
end

-- The next job of a tenant, of a kind that may run.
local function of_tenant(priority, tenant)
  local kinds = p .. ':kinds:' .. priority .. ':' .. tenant
  for _ = 1, redis.call('LLEN', kinds) do
    local kind = redis.call('LPOP', kinds)
    if full('kind:' .. kind) or full('kind:' .. tenant .. ':' .. kind) then
      redis.call('RPUSH', kinds, kind)
    else
      local q = p .. ':q:' .. priority .. ':' .. tenant .. ':' .. kind
      local id = redis.call('LPOP', q)
      if redis.call('LLEN', q) > 0 then redis.call('RPUSH', kinds, kind) end
      if id then return id, kind end
    end
  end
end

-- After a turn: first again while its weight lasts, else last.
local function line_up(ring, tenant, priority)
  local weight = limited and tonumber(redis.call('HGET', p .. ':limits', 'weight:' .. tenant) or '') or 1
  local visit = priority .. ':' .. tenant
  local waits = redis.call('EXISTS', p .. ':kinds:' .. priority .. ':' .. tenant) == 1
  if waits and weight > 1 and redis.call('HINCRBY', p .. ':turns', visit, 1) < weight then
    redis.call('LPUSH', ring, tenant)
    return
  end
  if weight > 1 then redis.call('HDEL', p .. ':turns', visit) end
  if waits then redis.call('RPUSH', ring, tenant) end
end

local skipped = { [0] = {}, {}, {} }
local function take(priority)
  local ring = p .. ':ring:' .. priority
  while true do
    local tenant = redis.call('LPOP', ring)
    if not tenant then return nil end
    local id, kind
    if not passed_over[tenant] and not full('tenant:' .. tenant) then id, kind = of_tenant(priority, tenant) end
    if id then
      line_up(ring, tenant, priority)
      return id, tenant, kind
    end
    if redis.call('EXISTS', p .. ':kinds:' .. priority .. ':' .. tenant) == 1 then table.insert(skipped[priority], tenant) end
  end
end

local waits, patience = {}, {}
for priority = 0, 2 do waits[priority] = redis.call('EXISTS', p .. ':ring:' .. priority) == 1 end
for priority = 1, 2 do patience[priority] = waits[priority] and tonumber(redis.call('HGET', p .. ':passed', priority) or '0') end
local function next_priority()
  for priority = 2, 1, -1 do
    if waits[priority] and patience[priority] >= PATIENCE then return priority end
  end
  for priority = 0, 2 do
    if waits[priority] then return priority end
  end
end

local jobs = {}
while #jobs < wanted * 5 do
  local priority = next_priority()
  if not priority then break end
  local id, tenant, kind = take(priority)
  if id then
    redis.call('SREM', p .. ':queued', id)
    redis.call('ZADD', p .. ':popped', now, id)
    -- All three, whatever the first says.
    local of_tenant, of_kind, of_both = hold('tenant:' .. tenant, id), hold('kind:' .. kind, id), hold('kind:' .. tenant .. ':' .. kind, id)
    local held = of_tenant or of_kind or of_both
    for _, value in ipairs({ id, tenant, tostring(priority), kind, held and '1' or '0' }) do jobs[#jobs + 1] = value end
    for lower = 1, 2 do
      if lower == priority then patience[lower] = 0 elseif lower > priority and waits[lower] then patience[lower] = patience[lower] + 1 end
    end
  else
    waits[priority] = false
  end
end
for priority = 1, 2 do
  if patience[priority] then redis.call('HSET', p .. ':passed', priority, patience[priority]) end
end
-- Whoever was skipped keeps its place.
for priority = 0, 2 do
  for i = #skipped[priority], 1, -1 do redis.call('LPUSH', p .. ':ring:' .. priority, skipped[priority][i]) end
end
return jobs
