-- A process says that it is alive and which bases it has open, and is told which to open. It forgets those that have been silent for a minute.
-- KEYS[1]: the pool's prefix.  ARGV[1]: its name.  ARGV[2…]: the bases.  Returns <tenant>:<base>:<1 or 0>, see homes.lua.
local SILENT_MS, AT_ONCE = 60000, 16
-- What waits for so long waits for something else, or is gone.
local FORGOTTEN_MS = 3600000
local p, home = KEYS[1], ARGV[1]
local time = redis.call('TIME')
local now = tonumber(time[1]) * 1000 + math.floor(tonumber(time[2]) / 1000)
for _, gone in ipairs(redis.call('ZRANGE', p .. ':homes', '-inf', now - SILENT_MS, 'BYSCORE')) do
  redis.call('DEL', p .. ':warm:' .. gone, p .. ':wanted:' .. gone)
  redis.call('HDEL', p .. ':free', gone)
  redis.call('ZREM', p .. ':homes', gone)
end
redis.call('ZADD', p .. ':homes', now, home)
local warm = p .. ':warm:' .. home
local before = redis.call('SCARD', warm)
redis.call('DEL', warm)
for from = 2, #ARGV, 1000 do redis.call('SADD', warm, unpack(ARGV, from, math.min(from + 999, #ARGV))) end
-- It may take now what others have left.
if #ARGV - 1 > before and redis.call('EXISTS', p .. ':waits') == 1 then redis.call('PUBLISH', p .. ':bell', 1) end
local waits = redis.call('HRANDFIELD', p .. ':waits', AT_ONCE, 'WITHVALUES')
for i = 1, #waits, 2 do
  if tonumber(waits[i + 1]) < now - FORGOTTEN_MS then redis.call('HDEL', p .. ':waits', waits[i]) end
end
return redis.call('SPOP', p .. ':wanted:' .. home, AT_ONCE)
