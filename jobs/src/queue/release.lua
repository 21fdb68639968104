-- Takes jobs off the limits they were held under, and rings: others may run in their place.
-- KEYS[1]: the pool's prefix.  ARGV: id, tenant, kind, place, repeated.
local p = KEYS[1]
local released = 0
for i = 1, #ARGV, 4 do
  local id, tenant, kind, place = ARGV[i], ARGV[i + 1], ARGV[i + 2], ARGV[i + 3]
  for _, field in ipairs({ 'tenant:' .. tenant, 'kind:' .. kind, 'kind:' .. tenant .. ':' .. kind }) do
    released = released + redis.call('ZREM', p .. ':held:' .. field, id .. '/' .. place)
  end
end
if released > 0 and redis.call('EXISTS', p .. ':queued') == 1 then redis.call('PUBLISH', p .. ':bell', released) end
