-- Asks whether a call may be made now, and takes what it needs if so: of the tenant's budget and, with a credential of the installation, of that one's too, or of none.
-- Otherwise gives the job a place in line: a time of its own, so that those who wait do not come back all at once. Begins with `budget.lua`.
-- KEYS[1]: the tenant's prefix, KEYS[2]: the installation's.  ARGV: credential, lease, job, tenant, tokens, cost, microseconds a lease, whether the job
-- comes back (0: somebody waits for it, and it ends when it must wait), whether it only looks (1: what it would be granted is not taken), the day of which it says what was
-- spent (-1: of none); then what the tenant's budget allows: microseconds a request, burst, microseconds a token, token burst, calls at once, cost a day, cost spent on that day;
-- then the same of the installation's, where the credential is its own. In limits 0 is none.
-- Returns {'granted'}, {'cold', day} (ask again with what was spent on that day, so many after 1970-01-01 UTC), or {'wait', limit, microseconds until the limit allows it, microseconds until the
-- job's turn, whose limit that is: 'tenant' or 'installation'}.
local credential, lease, job, tenant = ARGV[1], ARGV[2], ARGV[3], ARGV[4]
local tokens, cost, lease_us = tonumber(ARGV[5]), tonumber(ARGV[6]), tonumber(ARGV[7])
local comes_back, looks, day = ARGV[8] == '1', ARGV[9] == '1', tonumber(ARGV[10])
local TENANTS, INSTALLATIONS = 11, 18
-- How long a learnt rate is remembered.
local FORGOTTEN = 600 * SECOND

local mine = budget(KEYS[1], credential)
local ours = ARGV[INSTALLATIONS] and budget(KEYS[2], credential) or nil

-- Brings it up to date.
local function open(of, first)
  of.interval, of.burst = tonumber(ARGV[first]), tonumber(ARGV[first + 1])
  of.token_us, of.token_burst = tonumber(ARGV[first + 2]), tonumber(ARGV[first + 3])
  of.slots, of.cap, of.spent = tonumber(ARGV[first + 4]), tonumber(ARGV[first + 5]), tonumber(ARGV[first + 6])
  of.limits = table.concat({ARGV[first], ARGV[first + 1], ARGV[first + 2], ARGV[first + 3], ARGV[first + 4]}, ' ')
  local leases, granted = of.leases, of.granted
  redis.call('ZADD', of.known, now, credential)
  redis.call('ZREMRANGEBYSCORE', of.known, '-inf', now - 2 * DAY)
  redis.call('PEXPIRE', of.known, KEEP_MS)
  redis.call('ZREMRANGEBYSCORE', leases, '-inf', now)
  redis.call('ZREMRANGEBYSCORE', granted, '-inf', now - DAY)
  -- A new day (UTC), or a Redis that forgot.
  local today = text(math.floor(now / DAY))
  if of.got.day ~= today then
    redis.call('HDEL', of.state, 'cost')
    set(of, 'day', today, 'requests', 0)
    of.got.cost = nil
  end
  -- The rate that the other side has taught us, recovering slowly.
  if of.got.learnt_us then
    local since = now - number(of, 'learnt_at')
    local learnt = number(of, 'learnt_us') / 2 ^ (since / RECOVERY)
    if since > FORGOTTEN or learnt <= of.interval then
      redis.call('HDEL', of.state, 'learnt_us', 'learnt_at')
    else
      of.interval = learnt
      local second = math.max(1, math.floor(SECOND / learnt))
      if of.burst == 0 or of.burst > second then of.burst = second end
    end
  end
  of.busy = redis.call('ZCARD', leases)
  -- How long it is until it allows the next call after this one.
  of.each = math.max(of.interval, tokens * of.token_us, of.slots > 0 and number(of, 'hold') / of.slots or 0)
  of.used = math.max(number(of, 'requests_whole'), number(of, 'tokens_whole'), number(of, 'settled_at'), number(of, 'blocked_until'), number(of, 'open_until'))
end

local function knows_cost(of)
  if of.got.cost or (of.cap == 0 and cost == 0) then return true end
  -- It may have become midnight since that was looked up.
  if day ~= math.floor(now / DAY) then return false end
  set(of, 'cost', text(of.spent))
  of.got.cost = of.spent
  return true
end

open(mine, TENANTS)
if ours then open(ours, INSTALLATIONS) end
if not knows_cost(mine) or (ours and not knows_cost(ours)) then return {'cold', math.floor(now / DAY)} end

-- Where the job stands in the line; a place holds for the limits it was given under, and one that was given until a circuit closed no longer than that.
local function stand(line, of, spacing)
  redis.call('ZREMRANGEBYSCORE', line.key, '-inf', now - LATEST)
  line.spacing = math.max(spacing, LEAST_SPACING)
  local closed = mine.got[line.limit_field] == 'circuit' and of.got.circuit ~= 'open'
  if mine.got[line.under_field] ~= of.limits or closed then
    redis.call('HDEL', mine.state, line.ends_field, line.limit_field)
    mine.got[line.ends_field], mine.got[line.limit_field] = nil, nil
    set(mine, line.under_field, of.limits)
  end
  line.place = tonumber(redis.call('ZSCORE', line.key, job) or nil)
  line.ends = number(mine, line.ends_field)
  return line
end
local line = stand(line_of(mine, 'line'), mine, mine.each)
line.used = mine.used
local turns, others = {}, 0
if ours then
  others = others_of(ours, tenant)
  -- Tenants that wait for the installation's budget take turns: each has its part of it.
  turns = stand(line_of(mine, 'turns'), ours, ours.each * (others + 1))
  turns.used = math.max(number(mine, 'share_whole'), number(mine, 'turns_usable'), number(ours, 'blocked_until'), number(ours, 'open_until'))
end

local function answer(line, limit, at, turn)
  if line == turns then await(ours, tenant, turn) end
  keep_all(mine, ours)
  return {'wait', limit, math.max(0, math.ceil(at - now)), math.max(0, math.ceil(turn - now)), line == turns and 'installation' or 'tenant'}
end

-- It could be made at `at`; those before it in line go first. Who does not come back has no place: it would stay empty.
local function wait(line, limit, at)
  if not comes_back then
    return answer(line, limit, at, at)
  end
  local turn
  if line.place and line.place <= now then
    turn = at + redis.call('ZRANK', line.key, job) * line.spacing
  else
    turn = math.max(line.ends > 0 and line.ends + line.spacing or at, at)
    redis.call('ZADD', line.key, turn, job)
    set(mine, line.ends_field, text(turn), line.limit_field, limit)
  end
  return answer(line, limit, at, turn)
end

-- What the other side's health, or its word, forbids, and until when.
local function refused(of)
  if of.got.circuit == 'open' then
    if now < number(of, 'open_until') then return 'circuit', number(of, 'open_until') end
    if number(of, 'trial_until') > now then return 'circuit', now + math.max(SECOND, number(of, 'hold')) end
    of.trial = true
  end
  if number(of, 'blocked_until') > now then return 'vendor', number(of, 'blocked_until') end
  if number(of, 'vendor_reset') > now and number(of, 'vendor_left') <= 0 then return 'vendor', number(of, 'vendor_reset') end
end

-- While others wait for the installation's budget, the tenant takes no more than its part of it, so that whoever comes first does not always come first. What
-- nobody has taken for a while anybody may.
local function out_of_turn()
  if others == 0 or ours.each == 0 or now - ours.used > IDLE then return end
  -- Jobs come back in ticks of a second: a second's worth may be had at once.
  local at_once = ours.each * (others + 1) < SECOND and SECOND or 0
  local at = number(mine, 'share_whole') - at_once
  if at > now then return 'share', at end
end

local function ready_at(whole, each, most, units)
  return math.max(whole, now) - math.max(0, most - units) * each
end
-- What is used up, and when there is some again.
local function used_up(of)
  local slots, busy = of.slots, of.busy
  if slots > 0 and busy >= slots then
    local hold = math.max(number(of, 'hold'), LEAST_SPACING)
    -- Whoever stands first among several tenants looks each second whether it is free.
    return 'concurrency', now + (of == ours and math.max(math.min(hold / slots, SECOND), LEAST_SPACING) or hold)
  end
  if of.interval > 0 then
    local at = ready_at(number(of, 'requests_whole'), of.interval, of.burst, 1)
    if at > now then return 'requests', at end
  end
  if of.token_us > 0 and tokens > 0 then
    local at = ready_at(number(of, 'tokens_whole'), of.token_us, of.token_burst, tokens)
    if at > now then return 'tokens', at end
  end
  if of.cap > 0 and number(of, 'cost') + cost > of.cap then return 'cost', (math.floor(now / DAY) + 1) * DAY end
end

-- What the budget answers where the call must wait.
local function held(of, line)
  -- Those in line were cancelled, or have ended otherwise: whoever asks goes, and the line begins anew.
  local used = line.used
  if line.ends > now and mine.busy == 0 and now - used > IDLE then
    redis.call('HDEL', mine.state, line.ends_field)
    line.ends = 0
  end
  local limit_of_line = mine.got[line.limit_field] or 'requests'
  -- Its turn has not come; or it is new, and others are in line. Who waits for the installation's budget has waited in the tenant's own line.
  if line.place and line.place > now and line.place <= line.ends then
    return answer(line, limit_of_line, line.place, line.place)
  end
  local limit, at = refused(of)
  if not limit then
    if comes_back and not line.place and not turns.place and line.ends > now then return wait(line, limit_of_line, now) end
    if of == ours then limit, at = out_of_turn() end
  end
  if not limit then limit, at = used_up(of) end
  if not limit then return end
  if limit == 'cost' then
    -- Others wait for other things: no place in line. The asking is spread over a minute.
    redis.call('ZREM', line.key, job)
    keep_all(mine, ours)
    return {'wait', 'cost', math.ceil(at - now), math.ceil(at - now + (now % (60 * SECOND))), line == turns and 'installation' or 'tenant'}
  end
  if line == turns then set(mine, 'turns_usable', text(at)) end
  return wait(line, limit, at)
end

local no = held(mine, line)
if no then return no end
no = ours and held(ours, turns)
if no then
  redis.call('ZREM', line.key, job)
  return no
end
if looks then
  keep_all(mine, ours)
  return {'granted'}
end

local function take(of)
  if of.interval > 0 then set(of, 'requests_whole', text(math.max(number(of, 'requests_whole'), now) + of.interval)) end
  if of.token_us > 0 and tokens > 0 then set(of, 'tokens_whole', text(math.max(number(of, 'tokens_whole'), now) + tokens * of.token_us)) end
  if number(of, 'vendor_reset') > now then redis.call('HINCRBY', of.state, 'vendor_left', -1) end
  if of.got.cost and cost > 0 then redis.call('HINCRBY', of.state, 'cost', cost) end
  if of.trial then set(of, 'trial', lease, 'trial_until', text(now + lease_us)) end
  -- Calls in this and the last ten seconds: the rate that a refusal is a fraction of.
  local window = text(math.floor(now / (10 * SECOND)))
  if of.got.window ~= window then
    local last = tonumber(of.got.window) == tonumber(window) - 1 and number(of, 'window_calls') or 0
    set(of, 'window', window, 'window_calls', 0, 'window_last', last)
  end
  redis.call('HINCRBY', of.state, 'window_calls', 1)
  redis.call('HINCRBY', of.state, 'requests', 1)
  redis.call('ZADD', of.leases, now + lease_us, lease)
  redis.call('ZADD', of.granted, now, lease)
end
take(mine)
redis.call('ZREM', line.key, job)
if ours then
  take(ours)
  redis.call('ZREM', turns.key, job)
  -- Who had it alone owes nothing for that.
  local whole = others > 0 and math.max(number(mine, 'share_whole'), now) or now
  set(mine, 'share_whole', text(whole + ours.each * (others + 1)))
  if redis.call('ZCOUNT', turns.key, text(now - IDLE), '+inf') == 0 then redis.call('ZREM', waiting_for(ours), tenant) end
end
keep_all(mine, ours)
return {'granted'}
