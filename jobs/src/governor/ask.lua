-- Asks whether a call may be made now, and takes what it needs if so. Otherwise gives the job a place in line: a time of its own, so that
-- those who wait do not come back all at once. All times are microseconds by Redis' clock.
-- KEYS[1]: the tenant's prefix.  ARGV: credential, lease, job, microseconds a request, burst, microseconds a token, token burst, tokens,
-- calls at once, cost a day, cost, cost spent today (-1: not known), microseconds a lease, whether the job comes back (0: somebody waits for it, and
-- it ends when it must wait), whether it only looks (1: what it would be granted is not taken); in limits 0 is none.
-- Returns {'granted'}, {'cold'} (ask again with what was spent today), or {'wait', limit, microseconds until the limit allows it,
-- microseconds until the job's turn}.
local credential, lease, job = ARGV[1], ARGV[2], ARGV[3]
local interval, burst = tonumber(ARGV[4]), tonumber(ARGV[5])
local token_us, token_burst, tokens = tonumber(ARGV[6]), tonumber(ARGV[7]), tonumber(ARGV[8])
local slots, cap, cost, spent = tonumber(ARGV[9]), tonumber(ARGV[10]), tonumber(ARGV[11]), tonumber(ARGV[12])
local lease_us, comes_back, looks = tonumber(ARGV[13]), ARGV[14] == '1', ARGV[15] == '1'
local p = KEYS[1] .. ':' .. credential
local state, leases, places, known = p .. ':state', p .. ':leases', p .. ':places', KEYS[1] .. ':credentials'
-- When each call was granted that is not settled, which outlives its lease: what was reserved for it stays reserved until then, or until the day is over, since it may have been made.
local granted = p .. ':granted'
local SECOND, DAY, KEEP_MS = 1000000, 86400000000, 172800000
-- How long a learnt rate takes to double, and how long it is remembered.
local RECOVERY, FORGOTTEN = 60 * SECOND, 600 * SECOND
-- The least time between two places, and how late a place may be taken.
local LEAST_SPACING, LATEST = 20000, 60 * SECOND
-- So long nobody has used what could be used: those who are next in line are gone.
local IDLE = 3 * SECOND

local time = redis.call('TIME')
local now = tonumber(time[1]) * SECOND + tonumber(time[2])
local function text(number) return string.format('%.0f', number) end
local got = {}
local flat = redis.call('HGETALL', state)
for i = 1, #flat, 2 do got[flat[i]] = flat[i + 1] end
local function number(field) return tonumber(got[field]) or 0 end
local function set(...) redis.call('HSET', state, ...) end

redis.call('ZADD', known, now, credential)
redis.call('ZREMRANGEBYSCORE', known, '-inf', now - 2 * DAY)
redis.call('PEXPIRE', known, KEEP_MS)
redis.call('ZREMRANGEBYSCORE', leases, '-inf', now)
redis.call('ZREMRANGEBYSCORE', granted, '-inf', now - DAY)
redis.call('ZREMRANGEBYSCORE', places, '-inf', now - LATEST)

-- A new day (UTC), or a Redis that forgot.
local today = text(math.floor(now / DAY))
if got.day ~= today then
  redis.call('HDEL', state, 'cost')
  set('day', today, 'requests', 0)
  got.cost = nil
end
if not got.cost and (cap > 0 or cost > 0) then
  if spent < 0 then return {'cold'} end
  set('cost', text(spent))
  got.cost = spent
end

-- A place in line holds for the limits it was given under.
local limits = table.concat({ARGV[4], ARGV[5], ARGV[6], ARGV[7], ARGV[9]}, ' ')
if got.limits ~= limits then
  redis.call('HDEL', state, 'line')
  got.line = nil
  set('limits', limits)
end

-- The rate that the other side has taught us, recovering slowly.
if got.learnt_us then
  local since = now - number('learnt_at')
  local learnt = number('learnt_us') / 2 ^ (since / RECOVERY)
  if since > FORGOTTEN or learnt <= interval then
    redis.call('HDEL', state, 'learnt_us', 'learnt_at')
  else
    interval = learnt
    local second = math.max(1, math.floor(SECOND / interval))
    if burst == 0 or burst > second then burst = second end
  end
end

local busy = redis.call('ZCARD', leases)
local spacing = math.max(interval, tokens * token_us, LEAST_SPACING)
if slots > 0 then spacing = math.max(spacing, number('hold') / slots) end
local place = tonumber(redis.call('ZSCORE', places, job) or nil)
local line = number('line')

local function keep()
  for _, key in ipairs({state, leases, granted, places}) do redis.call('PEXPIRE', key, KEEP_MS) end
end

-- It could be made at `at`; those before it in line go first. Who does not come back has no place: it would stay empty.
local function wait(limit, at)
  if not comes_back then
    keep()
    return {'wait', limit, math.max(0, math.ceil(at - now)), math.max(0, math.ceil(at - now))}
  end
  local turn
  if place and place <= now then
    turn = at + redis.call('ZRANK', places, job) * spacing
  else
    turn = math.max(line > 0 and line + spacing or at, at)
    redis.call('ZADD', places, turn, job)
    set('line', text(turn), 'line_limit', limit)
  end
  keep()
  return {'wait', limit, math.max(0, math.ceil(at - now)), math.max(0, math.ceil(turn - now))}
end

-- Those in line were cancelled, or have ended otherwise: whoever asks goes, and the line begins anew.
local used = math.max(number('requests_whole'), number('tokens_whole'), number('settled_at'), number('blocked_until'), number('open_until'))
if line > now and busy == 0 and now - used > IDLE then
  redis.call('HDEL', state, 'line')
  line = 0
end

-- Its turn has not come; or it is new, and others are in line.
if place and place > now and place <= line then
  return {'wait', got.line_limit or 'requests', math.ceil(place - now), math.ceil(place - now)}
end

local trial = false
if got.circuit == 'open' then
  if now < number('open_until') then return wait('circuit', number('open_until')) end
  if number('trial_until') > now then return wait('circuit', now + math.max(SECOND, number('hold'))) end
  trial = true
end
if number('blocked_until') > now then return wait('vendor', number('blocked_until')) end
if number('vendor_reset') > now and number('vendor_left') <= 0 then return wait('vendor', number('vendor_reset')) end
if comes_back and not place and line > now then return wait(got.line_limit or 'requests', now) end
if slots > 0 and busy >= slots then return wait('concurrency', now + math.max(number('hold'), LEAST_SPACING)) end

local function ready_at(whole, each, most, units)
  return math.max(whole, now) - math.max(0, most - units) * each
end
if interval > 0 then
  local at = ready_at(number('requests_whole'), interval, burst, 1)
  if at > now then return wait('requests', at) end
end
if token_us > 0 and tokens > 0 then
  local at = ready_at(number('tokens_whole'), token_us, token_burst, tokens)
  if at > now then return wait('tokens', at) end
end
if cap > 0 and number('cost') + cost > cap then
  -- Others wait for other things: no place in line. The turns are spread over a minute.
  local midnight = (math.floor(now / DAY) + 1) * DAY
  redis.call('ZREM', places, job)
  keep()
  return {'wait', 'cost', math.ceil(midnight - now), math.ceil(midnight - now + (now % (60 * SECOND)))}
end

if looks then
  keep()
  return {'granted'}
end
if interval > 0 then set('requests_whole', text(math.max(number('requests_whole'), now) + interval)) end
if token_us > 0 and tokens > 0 then set('tokens_whole', text(math.max(number('tokens_whole'), now) + tokens * token_us)) end
if number('vendor_reset') > now then redis.call('HINCRBY', state, 'vendor_left', -1) end
if got.cost and cost > 0 then redis.call('HINCRBY', state, 'cost', cost) end
if trial then set('trial', lease, 'trial_until', text(now + lease_us)) end
-- Calls in this and the last ten seconds: the rate that a refusal is a fraction of.
local window = text(math.floor(now / (10 * SECOND)))
if got.window ~= window then
  local last = tonumber(got.window) == tonumber(window) - 1 and number('window_calls') or 0
  set('window', window, 'window_calls', 0, 'window_last', last)
end
redis.call('HINCRBY', state, 'window_calls', 1)
redis.call('HINCRBY', state, 'requests', 1)
redis.call('ZREM', places, job)
redis.call('ZADD', leases, now + lease_us, lease)
redis.call('ZADD', granted, now, lease)
keep()
return {'granted'}
