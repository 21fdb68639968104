-- What the scripts know of a budget: a tenant's of one credential, or the installation's of one of its own. All times are microseconds by Redis' clock.
-- A call with a credential of the installation is on both. What it teaches of the other side is kept in the installation's, so that all tenants know it at once.
local SECOND, DAY, KEEP_MS = 1000000, 86400000000, 172800000
-- How long a learnt rate takes to double.
local RECOVERY = 60 * SECOND
-- The least time between two places, and how late a place may be taken.
local LEAST_SPACING, LATEST = 20000, 60 * SECOND
-- So long nobody has used what could be used: those who are next in line are gone.
local IDLE = 3 * SECOND

local time = redis.call('TIME')
local now = tonumber(time[1]) * SECOND + tonumber(time[2])
local function text(number) return string.format('%.0f', number) end

local function budget(prefix, credential)
  local p = prefix .. ':' .. credential
  -- `granted`: when each call was granted that is not settled, which outlives its lease: what was reserved for it stays reserved until then, or until the day is over, since it may have been made.
  local of = {p = p, known = prefix .. ':credentials', state = p .. ':state', leases = p .. ':leases', granted = p .. ':granted', got = {}}
  local flat = redis.call('HGETALL', of.state)
  for i = 1, #flat, 2 do of.got[flat[i]] = flat[i + 1] end
  return of
end
local function number(of, field) return tonumber(of.got[field]) or 0 end
local function set(of, ...) redis.call('HSET', of.state, ...) end

-- Jobs of a tenant that wait, each with a time of its own: `line` for the tenant's budget, `turns` for the installation's. Where it ends is kept with the tenant's.
local function line_of(mine, name)
  return {key = mine.p .. (name == 'line' and ':places' or ':turns'), ends_field = name, limit_field = name .. '_limit', under_field = name .. '_under'}
end

-- The tenants that wait for a budget of the installation, each until it is not counted among them any longer.
local function waiting_for(ours) return ours.p .. ':waiting' end

-- Counts the tenant among them until its next job has had the time to come; but that is said again when it looks, and what was cancelled never looks.
local function await(ours, tenant, turn)
  local until_at = math.min(turn, now + LATEST) + IDLE
  local counted = tonumber(redis.call('ZSCORE', waiting_for(ours), tenant) or nil) or 0
  if until_at > counted then redis.call('ZADD', waiting_for(ours), text(until_at), tenant) end
end

-- How many other tenants wait for it.
local function others_of(ours, tenant)
  redis.call('ZREMRANGEBYSCORE', waiting_for(ours), '-inf', now)
  local all = redis.call('ZCARD', waiting_for(ours))
  return redis.call('ZSCORE', waiting_for(ours), tenant) and all - 1 or all
end

local function keep_all(mine, ours)
  local keys = {mine.state, mine.leases, mine.granted, mine.p .. ':places', mine.p .. ':turns'}
  if ours then
    for _, key in ipairs({ours.state, ours.leases, ours.granted, waiting_for(ours)}) do keys[#keys + 1] = key end
  end
  for _, key in ipairs(keys) do redis.call('PEXPIRE', key, KEEP_MS) end
end
