-- Judges whether a tenant of a pool takes its turns, and a line of it within the tenant's at one priority, and mends it when asked to: a line stands
-- among the tenant's kinds (`<priority>:<kind>`), or among its kind's lines of bases, once when it holds ids; such a kind (`<priority>:<kind>@`) among the
-- tenant's once when it has lines; a tenant in the ring once when it has kinds; and none of them where there are none.
-- KEYS[1]: the pool's prefix.  ARGV: priority, tenant, line (or ''), whether to mend.  Returns the fault that was found first, '' for none.
local p, priority, tenant, line, mend = KEYS[1], ARGV[1], ARGV[2], ARGV[3], ARGV[4] == '1'
local kinds = p .. ':kinds:' .. tenant

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

local of_line, of_kind = '', ''
if line ~= '' then
  local at = line:find('@', 1, true)
  local ids = redis.call('LLEN', p .. ':q:' .. priority .. ':' .. tenant .. ':' .. line)
  if at then
    local lines = p .. ':lines:' .. priority .. ':' .. tenant .. ':' .. line:sub(1, at - 1)
    of_line = judge(lines, line, ids)
    of_kind = judge(kinds, priority .. ':' .. line:sub(1, at), redis.call('LLEN', lines))
  else
    of_line = judge(kinds, priority .. ':' .. line, ids)
  end
end
local of_tenant = judge(p .. ':ring', tenant, redis.call('LLEN', kinds))
local fault = of_line ~= '' and of_line or of_kind ~= '' and of_kind or of_tenant
if mend and fault ~= '' then redis.call('PUBLISH', p .. ':bell', 1) end
return fault
