-- What is used of a credential's budget now.
-- KEYS[1]: the tenant's prefix, or the installation's.  ARGV: microseconds a request, burst, microseconds a token, token burst, and the credential.
-- Returns {calls in flight, jobs in line (of the installation's: tenants that wait), calls today, calls that may come now (-1: no limit), tokens that may (-1), learnt microseconds a
-- request (0: none), calls that the other side has left for us (-1), milliseconds (Unix) until it counts anew (0), circuit ('closed',
-- 'open', 'half_open'), milliseconds (Unix) until it may close (0), and until which nothing is called (0)}.
local interval, burst = tonumber(ARGV[1]), tonumber(ARGV[2])
local token_us, token_burst = tonumber(ARGV[3]), tonumber(ARGV[4])
local p = KEYS[1] .. ':' .. ARGV[5]
local state, leases, places, turns, waiting = p .. ':state', p .. ':leases', p .. ':places', p .. ':turns', p .. ':waiting'
local SECOND, DAY, RECOVERY, FORGOTTEN, LATEST = 1000000, 86400000000, 60 * 1000000, 600 * 1000000, 60 * 1000000
local time = redis.call('TIME')
local now = tonumber(time[1]) * SECOND + tonumber(time[2])
local got = {}
local flat = redis.call('HGETALL', state)
for i = 1, #flat, 2 do got[flat[i]] = flat[i + 1] end
local function number(field) return tonumber(got[field]) or 0 end
local function unix_ms(at) return at > now and math.ceil(at / 1000) or 0 end

local learnt = 0
if got.learnt_us and now - number('learnt_at') <= FORGOTTEN then
  learnt = number('learnt_us') / 2 ^ ((now - number('learnt_at')) / RECOVERY)
  if learnt <= interval then
    learnt = 0
  else
    interval = learnt
    local second = math.max(1, math.floor(SECOND / interval))
    if burst == 0 or burst > second then burst = second end
  end
end
local function free(whole, each, most)
  if each <= 0 then return -1 end
  return math.max(0, math.min(most, math.floor(most - math.max(0, whole - now) / each + 0.000001)))
end
local circuit = 'closed'
if got.circuit == 'open' then circuit = number('open_until') > now and 'open' or 'half_open' end
local left, resets = -1, 0
if number('vendor_reset') > now then left, resets = math.max(0, number('vendor_left')), unix_ms(number('vendor_reset')) end
local today = got.day == string.format('%.0f', math.floor(now / DAY))
return {
  redis.call('ZCOUNT', leases, '(' .. string.format('%.0f', now), '+inf'),
  -- A tenant has none of the third, and the installation none of the first two.
  redis.call('ZCOUNT', places, string.format('%.0f', now - LATEST), '+inf') + redis.call('ZCOUNT', turns, string.format('%.0f', now - LATEST), '+inf')
    + redis.call('ZCOUNT', waiting, '(' .. string.format('%.0f', now), '+inf'),
  today and number('requests') or 0,
  free(number('requests_whole'), interval, burst), free(number('tokens_whole'), token_us, token_burst),
  math.floor(learnt), left, resets, circuit, unix_ms(number('open_until')), unix_ms(number('blocked_until')),
}
