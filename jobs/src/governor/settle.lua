-- Gives back what a call held, and learns from what came of it.
-- KEYS[1]: the tenant's prefix.  ARGV: credential, lease, job, outcome (not_made, answered, limited, failed, given_up), microseconds that the other
-- side asked us to wait (-1: it did not), calls it has left for us (-1), microseconds until it counts anew, estimated and actual tokens,
-- microseconds a token, estimated and actual cost, microseconds a request (0: no limit), failures that open the circuit, microseconds it
-- stays open, whether the job comes back (0 or 1).
-- Returns {change of the circuit ('', 'opened', 'closed'), microseconds until the job's turn}.
local credential, lease, job, outcome = ARGV[1], ARGV[2], ARGV[3], ARGV[4]
local asked, left, reset = tonumber(ARGV[5]), tonumber(ARGV[6]), tonumber(ARGV[7])
local tokens_est, tokens, token_us = tonumber(ARGV[8]), tonumber(ARGV[9]), tonumber(ARGV[10])
local cost_est, cost, interval = tonumber(ARGV[11]), tonumber(ARGV[12]), tonumber(ARGV[13])
local failures_to_open, open_us = tonumber(ARGV[14]), tonumber(ARGV[15])
local comes_back = ARGV[16] == '1'
local p = KEYS[1] .. ':' .. credential
local state, leases, granted, places = p .. ':state', p .. ':leases', p .. ':granted', p .. ':places'
local SECOND, DAY, KEEP_MS = 1000000, 86400000000, 172800000
local LEAST_SPACING, LONGEST_OPEN, LONGEST_BLOCK, SLOWEST, RECOVERY = 20000, 600 * SECOND, 60 * SECOND, 60 * SECOND, 60 * SECOND

local time = redis.call('TIME')
local now = tonumber(time[1]) * SECOND + tonumber(time[2])
local function text(number) return string.format('%.0f', number) end
local got = {}
local flat = redis.call('HGETALL', state)
for i = 1, #flat, 2 do got[flat[i]] = flat[i + 1] end
local function number(field) return tonumber(got[field]) or 0 end
local function set(...) redis.call('HSET', state, ...) end

-- Its lease may have ended, and what it reserved is there all the same. Not so where Redis was wiped since; nor its money, where the sum is of another day.
local granted_at = tonumber(redis.call('ZSCORE', granted, lease) or nil)
redis.call('ZREM', leases, lease)
redis.call('ZREM', granted, lease)
set('settled_at', text(now))
local reserved = granted_at and 1 or 0
if got.cost then
  local of_the_day = granted_at and text(math.floor(granted_at / DAY)) == got.day
  local change = cost - (of_the_day and cost_est or 0)
  if change ~= 0 then redis.call('HINCRBY', state, 'cost', change) end
end
local more = tokens - reserved * tokens_est
if token_us > 0 and more ~= 0 then
  local whole = number('tokens_whole')
  if more > 0 then whole = math.max(whole, now) end
  set('tokens_whole', text(math.max(whole + more * token_us, 0)))
end
if granted_at and outcome ~= 'not_made' then
  local took = now - granted_at
  set('hold', text(got.hold and (0.8 * number('hold') + 0.2 * took) or took))
end

local change, turn = '', 0
local mine = got.trial == lease
if mine then redis.call('HDEL', state, 'trial', 'trial_until') end
if outcome == 'answered' or outcome == 'limited' then
  redis.call('HDEL', state, 'failures')
  if got.circuit == 'open' and (mine or number('open_until') <= now) then
    -- Those who were put off until the circuit closed need not wait for a turn any longer.
    redis.call('HDEL', state, 'circuit', 'open_until', 'opened', 'line')
    got.line = nil
    change = 'closed'
  end
elseif outcome == 'failed' then
  local failures = redis.call('HINCRBY', state, 'failures', 1)
  local trial_failed = mine and got.circuit == 'open'
  if trial_failed or (got.circuit ~= 'open' and failures >= failures_to_open) then
    local times = redis.call('HINCRBY', state, 'opened', 1)
    local for_us = math.min(open_us * 2 ^ (times - 1), math.max(LONGEST_OPEN, open_us))
    set('circuit', 'open', 'open_until', text(now + for_us))
    change = 'opened'
  end
end

if left >= 0 and reset > 0 and outcome ~= 'not_made' then
  -- The other side has not counted yet what is on its way.
  set('vendor_left', text(left - redis.call('ZCARD', leases)), 'vendor_reset', text(now + reset))
end

if outcome == 'answered' then redis.call('HDEL', state, 'strikes') end
if outcome == 'limited' then
  -- Calls that are refused together are one refusal.
  local fresh = number('blocked_until') <= now and now - number('learnt_at') > SECOND
  local strikes = math.max(1, fresh and redis.call('HINCRBY', state, 'strikes', 1) or number('strikes'))
  local pause = asked
  if pause < 0 and left == 0 and reset > 0 then pause = reset end
  if pause < 0 then pause = math.min(SECOND * 2 ^ (strikes - 1), LONGEST_BLOCK) end
  local until_at = math.max(number('blocked_until'), now + pause)
  set('blocked_until', text(until_at))
  -- Slower by half than it was.
  local learnt = number('learnt_us')
  if fresh then
    if learnt > 0 then
      learnt = learnt / 2 ^ ((now - number('learnt_at')) / RECOVERY)
    else
      local calls = number('window_calls') + number('window_last')
      local over = now - number('window') * 10 * SECOND + (number('window_last') > 0 and 10 * SECOND or 0)
      -- Who has called seldom learns nothing from how seldom that was.
      learnt = math.min(math.max(over, SECOND) / math.max(calls, 1), SECOND)
    end
    learnt = math.min(math.max(learnt, interval) * 1.5, SLOWEST)
    set('learnt_us', text(learnt), 'learnt_at', text(now))
  end
  local spacing = math.max(learnt, interval, LEAST_SPACING)
  if comes_back then
    local at = math.max(number('line'), until_at) + spacing
    redis.call('ZADD', places, at, job)
    set('line', text(at), 'line_limit', 'vendor')
    turn = math.ceil(at - now)
  else
    turn = math.ceil(until_at + spacing - now)
  end
end
for _, key in ipairs({state, leases, granted, places}) do redis.call('PEXPIRE', key, KEEP_MS) end
return {change, turn}
