-- Pops up to ARGV[1] jobs, one a turn: tenant after tenant, within a tenant the highest priority first, within a priority line after line, so that no
-- backlog, and no priority that somebody gives his jobs, delays another tenant by more than a turn. A line is the jobs of a kind, or those of a kind and some
-- bases (`<kind>@<base>+<base>`), which are left to the bases' home: see homes.lua. Such lines of one kind (a tenant may have any number) have one turn
-- together among the tenant's kinds, and take turns in it. A tenant's weight is how many turns it has before the next one's; a tenant
-- or kind that runs as many jobs as it may is skipped; of a tenant's priorities one that was passed over PATIENCE times has its next turn.
-- Popped ids are remembered until Postgres has claimed them.
-- Redis does nothing else meanwhile, so what a claim looks at is bounded, whatever waits: by what is wanted, and by looks in vain. Where these end, the next
-- claim goes on.
-- The turns are taken in memory, and what came of them is written at the end: a call to Redis, and a line of its log, costs more than a turn.
-- KEYS[1]: the pool's prefix.  ARGV[2]: whose home asks, or ''.  ARGV[3]: how many homes a base has.  ARGV[4]: whether its free slots are reserved for
-- tenants that hold none: those have one job each, and others' are better left to another process.
-- ARGV[5…]: tenants to pass over.  Returns in how many ms what was left to others may be taken, or what was not looked at is to be looked at, or '', and
-- id, tenant, priority, line, place ('0' for none) for each job.
local PATIENCE = 8
-- Lines of a kind that a tenant's turn looks at in vain; and tenants and lines that a claim does.
local LOOKS = 100
local LOOKS_IN_ALL = 300
-- When to look further where that was not enough.
local AGAIN_MS = 100
-- Lines, and tenants that come after the wanted ones, are read so many at once.
local PIECE = 16
local call, insert, remove = redis.call, table.insert, table.remove
local p = KEYS[1]
local wanted = tonumber(ARGV[1])
local reserved = ARGV[4] == '1'
local passed_over = {}
for i = 5, #ARGV do passed_over[ARGV[i]] = true end
local time = call('TIME')
local now = tonumber(time[1]) * 1000 + math.floor(tonumber(time[2]) / 1000)
local homes = homes_of(p, ARGV[2], now, tonumber(ARGV[3]))

-- A command with many values, from the `first` on, in as many calls as Lua's stack asks for.
local function call_with(values, command, key, first)
  for from = first or 1, #values, 1000 do call(command, key, unpack(values, from, math.min(from + 999, #values))) end
end

-- Looks in vain, and whether there is more to look at.
local looks, cut = 0, false

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
local ring = { key = p .. ':ring', piece = wanted, front = {}, back = {}, skipped = {} }
local function next_tenant()
  if #ring.front == 0 and not ring.read then
    ring.front = call('LPOP', ring.key, ring.piece) or {}
    ring.read = #ring.front < ring.piece
    ring.piece = math.max(wanted, PIECE)
  end
  if #ring.front > 0 then return remove(ring.front, 1) end
  return remove(ring.back, 1)
end

-- What waits of a tenant: at each priority its kinds in the order of their turns (`<kind>@` has lines of bases), all of them in one list in Redis, and for
-- each line how much waits and the jobs that are taken, whose ids are not known yet. There are no more kinds than the catalogue has.
local tenants = {}
local function tenant_of(name)
  local tenant = tenants[name]
  if not tenant then
    tenant = { name = name, key = p .. ':kinds:' .. name, levels = {}, queues = {} }
    for priority = 0, 2 do tenant.levels[priority] = { priority = priority, kinds = {} } end
    for _, entry in ipairs(call('LRANGE', tenant.key, 0, -1)) do insert(tenant.levels[tonumber(entry:sub(1, 1))].kinds, entry:sub(3)) end
    for priority = 0, 2 do
      local level = tenant.levels[priority]
      level.first, level.count = level.kinds[1], #level.kinds
    end
    tenants[name] = tenant
  end
  return tenant
end
local function waits(tenant)
  for priority = 0, 2 do
    if #tenant.levels[priority].kinds > 0 then return true end
  end
  return false
end
local function queue_of(tenant, level, line, bases_at)
  level.queues = level.queues or {}
  local queue = level.queues[line]
  if not queue then
    local name = level.priority .. ':' .. tenant.name .. ':' .. line
    queue = { name = name, key = p .. ':q:' .. name, bases = bases_at and line:sub(bases_at), taken = {} }
    level.queues[line] = queue
    insert(tenant.queues, queue)
  end
  return queue
end

-- The lines of bases of a kind, in the order of their turns: those in Redis of which the first `seen` have had theirs, and behind them, from the one
-- numbered `from` on, those of these that still wait.
local function lines_of(tenant, level, kind)
  level.lines = level.lines or {}
  local lines = level.lines[kind]
  if not lines then
    local key = p .. ':lines:' .. level.priority .. ':' .. tenant.name .. ':' .. kind
    lines = { key = key, seen = 0, piece = {}, at = 0, back = {}, from = 1 }
    level.lines[kind] = lines
  end
  return lines
end
local function any_unseen(lines)
  if lines.at == #lines.piece and not lines.read then
    lines.piece = call('LRANGE', lines.key, lines.seen, lines.seen + PIECE - 1)
    lines.at = 0
    lines.read = #lines.piece < PIECE
    lines.first = lines.first or lines.piece[1]
  end
  return lines.at < #lines.piece
end
local function any_waits(lines) return any_unseen(lines) or lines.from <= #lines.back end
local function next_line(lines, last)
  if any_unseen(lines) then
    lines.at, lines.seen = lines.at + 1, lines.seen + 1
    return lines.piece[lines.at]
  end
  if lines.from <= last then
    lines.from = lines.from + 1
    return lines.back[lines.from - 1]
  end
end

-- The next job of a line, and whether the line has more.
local function of_line(tenant, level, kind, line, queue)
  queue.waiting = queue.waiting or call('LLEN', queue.key)
  local taken = #queue.taken
  if taken >= queue.waiting then return nil, false end
  local job = { tenant = tenant.name, priority = level.priority, kind = kind, line = line }
  queue.taken[taken + 1] = job
  return job, taken + 1 < queue.waiting
end

-- The next job of a kind that is to run here, of its lines of bases, and whether the kind has more.
local function of_lines(tenant, level, kind)
  local lines = lines_of(tenant, level, kind)
  local last, in_vain = #lines.back, 0
  while in_vain < LOOKS and looks < LOOKS_IN_ALL do
    local line = next_line(lines, last)
    if not line then return nil, any_waits(lines) end
    local queue = queue_of(tenant, level, line, #kind + 2)
    local job, more = nil, true
    if homes.takes(queue.name, tenant.name, queue.bases) then
      job, more = of_line(tenant, level, kind, line, queue)
    end
    if more then insert(lines.back, line) end
    if job then return job, any_waits(lines) end
    in_vain, looks = in_vain + 1, looks + 1
  end
  cut = true
  return nil, any_waits(lines)
end

-- The next job of a tenant at a priority, of a kind that may run, and here.
local function of_level(tenant, level)
  local kinds = level.kinds
  for _ = 1, #kinds do
    local turn = remove(kinds, 1)
    local at = turn:find('@', 1, true)
    local kind = at and turn:sub(1, at - 1) or turn
    if limited and (full('kind:' .. kind) or full('kind:' .. tenant.name .. ':' .. kind)) then
      insert(kinds, turn)
    else
      local job, more
      if at then
        job, more = of_lines(tenant, level, kind)
      else
        job, more = of_line(tenant, level, kind, turn, queue_of(tenant, level, turn))
      end
      if more then insert(kinds, turn) end
      if job then return job end
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
    if #tenant.levels[priority].kinds > 0 then insert(order, tenant.levels[priority]) end
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
  while looks < LOOKS_IN_ALL do
    local name = next_tenant()
    if not name then return nil end
    local stays = true
    if not passed_over[name] then
      -- Who is in the ring waits: that is not asked of one that may not run.
      local tenant = not (limited and full('tenant:' .. name)) and tenant_of(name)
      local job = tenant and of_tenant(tenant)
      if job then
        line_up(tenant)
        return job
      end
      stays = not tenant or waits(tenant)
      looks = looks + 1
    end
    if stays then insert(ring.skipped, name) end
  end
  cut = true
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

-- Lines, like kinds, only turn and leave: as many with the same first are the same.
local function write_lines(lines)
  local same = not any_unseen(lines) and #lines.back - lines.from + 1 == lines.seen and lines.back[lines.from] == lines.first
  if same or lines.seen == 0 then return end
  call('LPOP', lines.key, lines.seen)
  call_with(lines.back, 'RPUSH', lines.key, lines.from)
end

local any_passed
local of_bases = {}
for _, tenant in pairs(tenants) do
  for _, queue in ipairs(tenant.queues) do
    local ids = #queue.taken > 0 and call('LPOP', queue.key, #queue.taken) or {}
    for i, id in ipairs(ids) do queue.taken[i].id = id end
    if queue.bases and #ids > 0 then insert(of_bases, queue.name) end
  end
  local more, changed = waits(tenant), false
  for priority = 0, 2 do
    local level = tenant.levels[priority]
    changed = changed or #level.kinds ~= level.count or level.kinds[1] ~= level.first
    if level.lines then
      for _, lines in pairs(level.lines) do write_lines(lines) end
    end
    if level.passed and level.passed > 0 and #level.kinds > 0 then
      if level.passed ~= level.was_passed then call('HSET', p .. ':passed', priority .. ':' .. tenant.name, level.passed) end
    elseif priority > 0 and (level.passed or not more) then
      if any_passed == nil then any_passed = call('EXISTS', p .. ':passed') == 1 end
      if any_passed then call('HDEL', p .. ':passed', priority .. ':' .. tenant.name) end
    end
  end
  if changed then
    call('DEL', tenant.key)
    local kinds = {}
    for priority = 0, 2 do
      for _, turn in ipairs(tenant.levels[priority].kinds) do insert(kinds, priority .. ':' .. turn) end
    end
    call_with(kinds, 'RPUSH', tenant.key)
  end
end
-- For whoever wonders whether anything moves: see position.rs.
if #jobs > 0 then call('SET', p .. ':popped_at', now) end
call_with(of_bases, 'HDEL', homes.waits)
homes.has_free(reserved and 0 or wanted - #jobs)
local earlier_places = places > 0 and call('INCRBY', p .. ':places', places) - places or 0
local soonest = cut and math.min(homes.soonest or AGAIN_MS, AGAIN_MS) or homes.soonest or ''
local ids, popped, answer = {}, {}, { tostring(soonest) }
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
-- Whoever was not looked at keeps its place, and so does whoever was skipped, unless there is more to look at: the next claim is to begin with that.
local first, last = {}, {}
for i = #ring.front, 1, -1 do insert(first, ring.front[i]) end
if looks < LOOKS_IN_ALL then
  for i = #ring.skipped, 1, -1 do insert(first, ring.skipped[i]) end
else
  last = ring.skipped
end
for _, name in ipairs(ring.back) do insert(last, name) end
call_with(first, 'LPUSH', ring.key)
call_with(last, 'RPUSH', ring.key)
return answer
