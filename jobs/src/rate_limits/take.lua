-- Counts one request against a limit: the generic cell rate algorithm (ITU-T I.371, as a virtual schedule). The key holds when the
-- allowance would be whole again.
-- KEYS[1]: the limit's key.  ARGV: microseconds a request, burst.  Returns {allowed, remaining, microseconds until the allowance is whole,
-- microseconds until one more is allowed}.
local interval, burst = tonumber(ARGV[1]), tonumber(ARGV[2])
local time = redis.call('TIME')
local now = tonumber(time[1]) * 1000000 + tonumber(time[2])
local function keep(whole)
  redis.call('SET', KEYS[1], string.format('%.0f', whole), 'PX', math.ceil((whole - now) / 1000) + 1000)
end
local whole = math.max(tonumber(redis.call('GET', KEYS[1]) or 0), now)
-- No limit is used up for longer than its burst takes: what says so is of a clock that was ahead of this one, or of another rate.
local longest = now + burst * interval
if whole > longest then
  whole = longest
  keep(whole)
end
local next = whole + interval
local early = next - burst * interval - now
if early > 0 then return {0, 0, whole - now, early} end
keep(next)
return {1, math.floor(-early / interval), next - now, 0}
