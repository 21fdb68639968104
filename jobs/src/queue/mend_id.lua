-- Judges one id of a pool's index, and mends it when asked to: in one step, so that no worker or push is in between.
-- KEYS[1]: the pool's prefix.  ARGV: id, tenant (or ''), priority, line, whether its job waits to be claimed, whether to mend.
-- Returns the fault that was found, '' for none.
local p, id, tenant = KEYS[1], ARGV[1], ARGV[2]
local waits, mend = ARGV[5] == '1', ARGV[6] == '1'
local q = p .. ':q:' .. ARGV[3] .. ':' .. tenant .. ':' .. ARGV[4]
local in_set = redis.call('SISMEMBER', p .. ':queued', id) == 1
local in_queue = tenant ~= '' and redis.call('LPOS', q, id) ~= false
local popped = redis.call('ZSCORE', p .. ':popped', id) ~= false
if waits then
  if in_set and not in_queue then
    -- No push would take it: it counts as waiting. The push that follows puts it into its queue.
    if mend then redis.call('SREM', p .. ':queued', id) end
    return 'unreachable'
  end
  if in_queue and not in_set then
    if mend then redis.call('SADD', p .. ':queued', id) end
    return 'unlisted'
  end
  return ''
end
if not (in_set or in_queue or popped) then return '' end
if mend then
  redis.call('SREM', p .. ':queued', id)
  redis.call('ZREM', p .. ':popped', id)
  if in_queue then redis.call('LREM', q, 0, id) end
end
return 'orphan'
