-- Puts limits into force unless they are: the hash holds `weight:<tenant>`, and how many jobs may run at once as `tenant:<tenant>`,
-- `kind:<kind>` and `kind:<tenant>:<kind>`. What is held under each is a sorted set of
-- places, `<id>/<number of the pop>`, by when they were taken.
-- KEYS[1]: the pool's prefix.  ARGV[1]: a name for these limits, empty for none.  ARGV: field, value, repeated.
local p = KEYS[1]
local name = ARGV[1]
if (redis.call('HGET', p .. ':limits', 'name') or '') == name then return 0 end
redis.call('DEL', p .. ':limits')
if name ~= '' then redis.call('HSET', p .. ':limits', 'name', name) end
for i = 2, #ARGV, 1000 do redis.call('HSET', p .. ':limits', unpack(ARGV, i, math.min(i + 999, #ARGV))) end
for _, field in ipairs(redis.call('SMEMBERS', p .. ':held')) do
  if redis.call('HEXISTS', p .. ':limits', field) == 0 then redis.call('DEL', p .. ':held:' .. field) redis.call('SREM', p .. ':held', field) end
end
redis.call('PUBLISH', p .. ':bell', 1)
return 1
