-- Pops up to ARGV[1] jobs, one a turn: tenant after tenant, within a tenant the highest priority first, within a priority line after line, so that no
-- backlog, and no priority that somebody gives his jobs, delays another tenant by more than a turn. A line is the jobs of a kind, or those of a kind and some
-- bases (`<kind>@<base>+<base>`), which are left to the bases' home: see homes.lua. A tenant's weight is how many turns it has before the next one's; a tenant
-- or kind that runs as many jobs as it may is skipped; of a tenant's priorities one that was passed over PATIENCE times has its next turn.
-- Popped ids are remembered until Postgres has claimed them.
-- The turns are taken in memory, and what came of them is written at the end: a call to Redis, and a line of its log, costs more than a turn.
-- KEYS[1]: the pool's prefix.  ARGV[2]: whose home asks, or ''.  ARGV[3]: how many homes a base has.  ARGV[4]: whether its free slots are reserved for
-- tenants that hold none: those have one job each, and others' are better left to another process.
-- ARGV[5…]: tenants to pass over.  Returns in how many ms what was left to others may be taken, or '', and id, tenant, priority, line, place ('0' for none)
-- for each job.
local PATIENCE = 8
-- Lines a tenant's turn looks at in vain.
local LOOKS = 100
local call, insert, remove = redis.call, table.insert, table.remove
local p = KEYS[1]
local wanted = tonumber(ARGV[1])
local reserved = ARGV[4] == '1'
local passed_over = {}
for i = 5, #ARGV do passed_over[ARGV[i]] = true end
local time = call('TIME')
local now = tonumber(time[1]) * 1000 + math.floor(tonumber(time[2]) / 1000)
local homes = homes_of(p, ARGV[2], now, tonumber(ARGV[3]))

-- A command with many values, in as many calls as Lua's stack asks for.
local function call_with(values, command, key)
  for from = 1, #values, 1000 do call(command, key, unpack(values, from, math.min(from + 999, #values))) end
end

-- What may run at once under a field of the limits, and how much does: see limits.lua. Each pop of a job has a place of its own there: one that is taken again
-- while it runs, or before whoever handed it back has said so, must not give back the place that the other still holds.
local limited = call('EXISTS', p .. ':limits') == 1
local most, running, entries, places = {}, {}, {}, 0
local function limit(field)
  if most[field] == nil then most[field] = tonumber(call('HGET', p .. ':limits', field) or '') or false end
  return most[field]
end
local function held(field)
  running[field] = running[field] or call('ZCARD', p .. ':held:' .. field)
  return running[field]
end
local function full(field) return limit(field) and held(field) >= limit(field) end
local function hold(field, job)
  if not limit(field) then return end
  running[field] = held(field) + 1
  entries[field] = entries[field] or {}
  insert(entries[field], job)
  if not job.place then
    places = places + 1
    job.place = places
  end
end

-- The tenants that wait, in the order of their turns: those at the front, those in Redis, those at the back; and who was skipped.
local ring = { key = p .. ':ring', front = {}, back = {}, skipped = {} }
local function next_tenant()
  if #ring.front == 0 and not ring.read then
    ring.front = call('LPOP', ring.key, wanted) or {}
    ring.read = #ring.front == 0
  end
  if #ring.front > 0 then return remove(ring.front, 1) end
  return remove(ring.back, 1)
end

-- What waits of a tenant: at each priority its lines in the order of their turns, and for each line how much waits and the jobs that are taken, whose ids
-- are not known yet.
local tenants = {}
local function tenant_of(name)
  local tenant = tenants[name]
  if not tenant then
    tenant = { name = name, levels = {}, queues = {} }
    for priority = 0, 2 do
      local key = p .. ':kinds:' .. priority .. ':' .. name
      local lines = call('LRANGE', key, 0, -1)
      tenant.levels[priority] = { priority = priority, key = key, lines = lines, first = lines[1], count = #lines }
    end
    tenants[name] = tenant
  end
  return tenant
end
local function waits(tenant)
  for priority = 0, 2 do
    if #tenant.levels[priority].lines > 0 then return true end
  end
  return false
end
local function queue_of(tenant, level, line)
  local name = level.priority .. ':' .. tenant.name .. ':' .. line
  local queue = tenant.queues[name]
  if not queue then
    local key = p .. ':q:' .. name
    queue = { name = name, key = key, waiting = call('LLEN', key), taken = {} }
    local at = line:find('@', 1, true)
    queue.kind, queue.bases = at and line:sub(1, at - 1) or line, at and line:sub(at + 1)
    tenant.queues[name] = queue
  end
  return queue
end

-- The next job of a tenant at a priority, of a kind that may run, and here.
local function of_level(tenant, level)
  local lines = level.lines
  local left = 0
  for _ = 1, #lines do
    local line = remove(lines, 1)
    local queue = queue_of(tenant, level, line)
    local kind = queue.kind
    if limited and (full('kind:' .. kind) or full('kind:' .. tenant.name .. ':' .. kind)) then
      lines[#lines + 1] = line
    elseif queue.bases and not homes.takes(queue.name, tenant.name, queue.bases) then
      lines[#lines + 1] = line
      left = left + 1
      if left == LOOKS then return nil end
    else
      local taken = #queue.taken
      if taken + 1 < queue.waiting then lines[#lines + 1] = line end
      if taken < queue.waiting then
        local job = { tenant = tenant.name, priority = level.priority, kind = kind, line = line }
        queue.taken[taken + 1] = job
        return job
      end
    end
  end
end

-- How often a priority of a tenant was passed over while others of its waited. Only kept where several wait.
local function passed(tenant, level)
  if not level.passed then
    level.passed = tonumber(call('HGET', p .. ':passed', level.priority .. ':' .. tenant.name) or '0')
    level.was_passed = level.passed
  end
  return level.passed
end

-- The next job of a tenant.
local function of_tenant(tenant)
  local order = {}
  for priority = 0, 2 do
    if #tenant.levels[priority].lines > 0 then insert(order, tenant.levels[priority]) end
  end
  for i = #order, 2, -1 do
    if passed(tenant, order[i]) >= PATIENCE then
      insert(order, 1, remove(order, i))
      break
    end
  end
  for _, level in ipairs(order) do
    local job = of_level(tenant, level)
    if job then
      for _, other in ipairs(order) do
        if other == level then
          if #order > 1 and level.priority > 0 then
            passed(tenant, level)
            level.passed = 0
          end
        elseif other.priority > level.priority then
          other.passed = passed(tenant, other) + 1
        end
      end
      return job
    end
  end
end

-- After a turn: first again while its weight lasts, else last.
local turns = {}
local function line_up(tenant)
  local weight = limited and tonumber(call('HGET', p .. ':limits', 'weight:' .. tenant.name) or '') or 1
  local more = waits(tenant)
  if weight > 1 then
    turns[tenant.name] = (turns[tenant.name] or tonumber(call('HGET', p .. ':turns', tenant.name) or '0')) + 1
    if more and turns[tenant.name] < weight then return insert(ring.front, 1, tenant.name) end
    turns[tenant.name] = 0
  end
  if more then ring.back[#ring.back + 1] = tenant.name end
end

local function take()
  while true do
    local name = next_tenant()
    if not name then return nil end
    local tenant = tenant_of(name)
    local job = not passed_over[name] and not (limited and full('tenant:' .. name)) and of_tenant(tenant)
    if job then
      line_up(tenant)
      return job
    end
    if waits(tenant) then insert(ring.skipped, name) end
  end
end

local jobs = {}
while #jobs < wanted do
  local job = take()
  if not job then break end
  jobs[#jobs + 1] = job
  if reserved then passed_over[job.tenant] = true end
  if limited then
    -- All three, whatever the first says.
    for _, field in ipairs({ 'tenant:' .. job.tenant, 'kind:' .. job.kind, 'kind:' .. job.tenant .. ':' .. job.kind }) do hold(field, job) end
  end
end

local any_passed
for _, tenant in pairs(tenants) do
  for _, queue in pairs(tenant.queues) do
    local ids = #queue.taken > 0 and call('LPOP', queue.key, #queue.taken) or {}
    for i, id in ipairs(ids) do queue.taken[i].id = id end
    if queue.bases and #ids > 0 then homes.took(queue.name) end
  end
  local more = waits(tenant)
  for priority = 0, 2 do
    local level = tenant.levels[priority]
    -- Lines only turn and leave: as many with the same first are the same.
    if #level.lines ~= level.count or level.lines[1] ~= level.first then
      call('DEL', level.key)
      call_with(level.lines, 'RPUSH', level.key)
    end
    if level.passed and level.passed > 0 and #level.lines > 0 then
      if level.passed ~= level.was_passed then call('HSET', p .. ':passed', priority .. ':' .. tenant.name, level.passed) end
    elseif priority > 0 and (level.passed or not more) then
      if any_passed == nil then any_passed = call('EXISTS', p .. ':passed') == 1 end
      if any_passed then call('HDEL', p .. ':passed', priority .. ':' .. tenant.name) end
    end
  end
end
-- For whoever wonders whether anything moves: see position.rs.
if #jobs > 0 then call('SET', p .. ':popped_at', now) end
homes.has_free(reserved and 0 or wanted - #jobs)
local earlier_places = places > 0 and call('INCRBY', p .. ':places', places) - places or 0
local ids, popped, answer = {}, {}, { tostring(homes.soonest or '') }
for i, job in ipairs(jobs) do
  job.place = job.place and earlier_places + job.place or 0
  ids[i] = job.id
  popped[2 * i - 1], popped[2 * i] = now, job.id
  local at = #answer
  answer[at + 1], answer[at + 2], answer[at + 3], answer[at + 4], answer[at + 5] = job.id, job.tenant, tostring(job.priority), job.line, tostring(job.place)
end
call_with(ids, 'SREM', p .. ':queued')
call_with(popped, 'ZADD', p .. ':popped')
for field, holders in pairs(entries) do
  local scored = {}
  for _, job in ipairs(holders) do
    insert(scored, now)
    insert(scored, job.id .. '/' .. job.place)
  end
  call_with(scored, 'ZADD', p .. ':held:' .. field)
  call('SADD', p .. ':held', field)
end
for visit, taken in pairs(turns) do
  if taken > 0 then call('HSET', p .. ':turns', visit, taken) else call('HDEL', p .. ':turns', visit) end
end
-- Whoever was skipped keeps its place, and so does whoever was not looked at.
local first = {}
for i = #ring.front, 1, -1 do insert(first, ring.front[i]) end
for i = #ring.skipped, 1, -1 do insert(first, ring.skipped[i]) end
call_with(first, 'LPUSH', ring.key)
call_with(ring.back, 'RPUSH', ring.key)
return answer
