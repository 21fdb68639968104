-- Judges whether a tenant of a pool takes its turns, and a line of it within the tenant's at one priority, and mends it when asked to: a line stands
-- among the tenant's lines once when it holds ids, a tenant in the ring once when it has lines at any priority, and neither when there are none.
-- KEYS[1]: the pool's prefix.  ARGV: priority, tenant, line (or ''), whether to mend.  Returns the fault that was found first, '' for none.
local p, priority, tenant, line, mend = KEYS[1], ARGV[1], ARGV[2], ARGV[3], ARGV[4] == '1'
local lines = p .. ':kinds:' .. priority .. ':' .. tenant

-- `name` is to stand in `list` once when something waits, and not at all when nothing does.
local function judge(list, name, waiting)
  local places = #redis.call('LPOS', list, name, 'COUNT', 0)
  if waiting > 0 and places == 0 then
    if mend then redis.call('RPUSH', list, name) end
    return 'queue_without_ring'
  end
  if waiting == 0 and places > 0 then
    if mend then redis.call('LREM', list, 0, name) end
    return 'ring_without_queue'
  end
  if places > 1 then
    if mend then redis.call('LREM', list, places - 1, name) end
    return 'too_many_turns'
  end
  return ''
end

local of_line = ''
if line ~= '' then of_line = judge(lines, line, redis.call('LLEN', p .. ':q:' .. priority .. ':' .. tenant .. ':' .. line)) end
local waiting = 0
for other = 0, 2 do waiting = waiting + redis.call('LLEN', p .. ':kinds:' .. other .. ':' .. tenant) end
local of_tenant = judge(p .. ':ring', tenant, waiting)
local fault = of_line ~= '' and of_line or of_tenant
if mend and fault ~= '' then redis.call('PUBLISH', p .. ':bell', 1) end
return fault
