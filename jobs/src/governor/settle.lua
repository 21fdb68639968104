-- Gives back what a call held, and learns from what came of it. Begins with `budget.lua`.
-- KEYS[1]: the tenant's prefix, KEYS[2]: the installation's.  ARGV: credential, lease, job, tenant, outcome (not_made, answered, limited, failed, given_up),
-- microseconds that the other side asked us to wait (-1: it did not), calls it has left for us (-1), microseconds until it counts anew, estimated and
-- actual tokens, estimated and actual cost, failures that open the circuit, microseconds it stays open, whether the job comes back (0 or 1); then the
-- tenant's microseconds a token and a request (0: no limit); then the installation's, where the credential is its own.
-- Returns {change of the circuit ('', 'opened', 'closed'), microseconds until the job's turn}.
local credential, lease, job, tenant, outcome = ARGV[1], ARGV[2], ARGV[3], ARGV[4], ARGV[5]
local asked, left, reset = tonumber(ARGV[6]), tonumber(ARGV[7]), tonumber(ARGV[8])
local tokens_est, tokens = tonumber(ARGV[9]), tonumber(ARGV[10])
local cost_est, cost = tonumber(ARGV[11]), tonumber(ARGV[12])
local failures_to_open, open_us = tonumber(ARGV[13]), tonumber(ARGV[14])
local comes_back = ARGV[15] == '1'
local LONGEST_OPEN, LONGEST_BLOCK, SLOWEST = 600 * SECOND, 60 * SECOND, 60 * SECOND

local mine = budget(KEYS[1], credential)
mine.token_us, mine.interval = tonumber(ARGV[16]), tonumber(ARGV[17])
local ours = ARGV[18] and budget(KEYS[2], credential) or nil
if ours then ours.token_us, ours.interval = tonumber(ARGV[18]), tonumber(ARGV[19]) end

local function give_back(of)
  local granted = of.granted
  -- Its lease may have ended, and what it reserved is there all the same. Not so where Redis was wiped since; nor its money, where the sum is of another day.
  local granted_at = tonumber(redis.call('ZSCORE', granted, lease) or nil)
  redis.call('ZREM', of.leases, lease)
  redis.call('ZREM', granted, lease)
  set(of, 'settled_at', text(now))
  local reserved = granted_at and 1 or 0
  if of.got.cost then
    local of_the_day = granted_at and text(math.floor(granted_at / DAY)) == of.got.day
    local change = cost - (of_the_day and cost_est or 0)
    if change ~= 0 then redis.call('HINCRBY', of.state, 'cost', change) end
  end
  local more = tokens - reserved * tokens_est
  if of.token_us > 0 and more ~= 0 then
    local whole = number(of, 'tokens_whole')
    if more > 0 then whole = math.max(whole, now) end
    set(of, 'tokens_whole', text(math.max(whole + more * of.token_us, 0)))
  end
  if granted_at and outcome ~= 'not_made' then
    local took = now - granted_at
    set(of, 'hold', text(of.got.hold and (0.8 * number(of, 'hold') + 0.2 * took) or took))
  end
end
give_back(mine)
if ours then give_back(ours) end

-- Whom the other side knows.
local its = ours or mine
local line = line_of(mine, ours and 'turns' or 'line')
local change, turn = '', 0
local trial = its.got.trial == lease
if trial then redis.call('HDEL', its.state, 'trial', 'trial_until') end
if outcome == 'answered' or outcome == 'limited' then
  redis.call('HDEL', its.state, 'failures')
  if its.got.circuit == 'open' and (trial or number(its, 'open_until') <= now) then
    -- Those who were put off until the circuit closed need not wait for a turn any longer.
    redis.call('HDEL', its.state, 'circuit', 'open_until', 'opened')
    redis.call('HDEL', mine.state, line.ends_field)
    mine.got[line.ends_field] = nil
    change = 'closed'
  end
elseif outcome == 'failed' then
  local failures = redis.call('HINCRBY', its.state, 'failures', 1)
  local trial_failed = trial and its.got.circuit == 'open'
  if trial_failed or (its.got.circuit ~= 'open' and failures >= failures_to_open) then
    local times = redis.call('HINCRBY', its.state, 'opened', 1)
    local for_us = math.min(open_us * 2 ^ (times - 1), math.max(LONGEST_OPEN, open_us))
    set(its, 'circuit', 'open', 'open_until', text(now + for_us))
    change = 'opened'
  end
end

if left >= 0 and reset > 0 and outcome ~= 'not_made' then
  -- The other side has not counted yet what is on its way.
  set(its, 'vendor_left', text(left - redis.call('ZCARD', its.leases)), 'vendor_reset', text(now + reset))
end

if outcome == 'answered' then redis.call('HDEL', its.state, 'strikes') end
if outcome == 'limited' then
  -- Calls that are refused together are one refusal.
  local fresh = number(its, 'blocked_until') <= now and now - number(its, 'learnt_at') > SECOND
  local strikes = math.max(1, fresh and redis.call('HINCRBY', its.state, 'strikes', 1) or number(its, 'strikes'))
  local pause = asked
  if pause < 0 and left == 0 and reset > 0 then pause = reset end
  if pause < 0 then pause = math.min(SECOND * 2 ^ (strikes - 1), LONGEST_BLOCK) end
  local until_at = math.max(number(its, 'blocked_until'), now + pause)
  set(its, 'blocked_until', text(until_at))
  -- Slower by half than it was.
  local learnt = number(its, 'learnt_us')
  if fresh then
    if learnt > 0 then
      learnt = learnt / 2 ^ ((now - number(its, 'learnt_at')) / RECOVERY)
    else
      local calls = number(its, 'window_calls') + number(its, 'window_last')
      local over = now - number(its, 'window') * 10 * SECOND + (number(its, 'window_last') > 0 and 10 * SECOND or 0)
      -- Who has called seldom learns nothing from how seldom that was.
      learnt = math.min(math.max(over, SECOND) / math.max(calls, 1), SECOND)
    end
    learnt = math.min(math.max(learnt, its.interval) * 1.5, SLOWEST)
    set(its, 'learnt_us', text(learnt), 'learnt_at', text(now))
  end
  local spacing = math.max(learnt, its.interval, LEAST_SPACING) * (ours and others_of(ours, tenant) + 1 or 1)
  local at = until_at + spacing
  if comes_back then
    at = math.max(number(mine, line.ends_field), until_at) + spacing
    redis.call('ZADD', line.key, at, job)
    set(mine, line.ends_field, text(at), line.limit_field, 'vendor')
  end
  if ours then
    set(mine, 'turns_usable', text(until_at))
    await(ours, tenant, at)
  end
  turn = math.ceil(at - now)
end
keep_all(mine, ours)
return {change, turn}
