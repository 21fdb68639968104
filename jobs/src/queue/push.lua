-- Offers jobs to a pool's workers. Idempotent by id: a job that waits already is left alone. One that was popped is offered again:
-- whoever popped it may be dead, and should both live, the claim in Postgres lets one of them run it.
-- KEYS[1]: the pool's prefix.  ARGV: id, tenant, priority, line, repeated.  Returns how many were added.
local p = KEYS[1]
local added = 0
for i = 1, #ARGV, 4 do
  local id, tenant, priority, line = ARGV[i], ARGV[i + 1], ARGV[i + 2], ARGV[i + 3]
  if redis.call('SADD', p .. ':queued', id) == 1 then
    redis.call('ZREM', p .. ':popped', id)
    if redis.call('RPUSH', p .. ':q:' .. priority .. ':' .. tenant .. ':' .. line, id) == 1 then
      -- Lines of bases have one turn together among the tenant's kinds.
      local kinds, at = p .. ':kinds:' .. tenant, line:find('@', 1, true)
      local turn = priority .. ':' .. (at and line:sub(1, at) or line)
      if at then redis.call('RPUSH', p .. ':lines:' .. priority .. ':' .. tenant .. ':' .. line:sub(1, at - 1), line) end
      if not at or not redis.call('LPOS', kinds, turn) then
        -- A tenant that waits at any priority has its turn already.
        if redis.call('RPUSH', kinds, turn) == 1 then redis.call('RPUSH', p .. ':ring', tenant) end
      end
    end
    added = added + 1
  end
end
if added > 0 then redis.call('PUBLISH', p .. ':bell', added) end
return added
