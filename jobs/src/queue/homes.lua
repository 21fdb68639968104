-- Which process a job runs in that needs replicas of bases. Their home is the first of the living by rendezvous hashing (Thaler and Ravishankar,
-- 1998) of the first base; of those that have all the replicas open, the first with a free slot takes the job. Who should have them open and has not is
-- told so (`wanted`), and gets no such job until it has, while there is one that has: nobody waits for a replica to be built that is open elsewhere.
--   :homes         who is alive: when it said so last
--   :free          how many slots each had free when it last asked for jobs
--   :warm:<home>   the bases it has open, up to date when it opened them
--   :wanted:<home> what it is to open: <tenant>:<base>:<1: to search it, 0: only where there is room>
--   :waits         since when the first job of a line was left to another; who is alive may still be stuck
local ALIVE_MS, LEFT_TO_WARM_MS, LEFT_TO_COLD_MS = 2000, 250, 2000

-- p: the pool's prefix.  me: who asks, '' for one that is nobody's home, and takes whatever there is.  copies: how many are to have each base open.
local function homes_of(p, me, now, copies)
  local call = redis.call
  local alive
  local free, ranked, decided = {}, {}, {}
  -- Who takes a job forgets how long its line waited, also where it was alone: who waits next in the line has waited for nobody yet.
  local homes = { soonest = nil, waits = p .. ':waits' }

  local function read()
    alive = call('ZRANGE', p .. ':homes', now - ALIVE_MS, '+inf', 'BYSCORE')
    if #alive > 0 then
      for i, slots in ipairs(call('HMGET', p .. ':free', unpack(alive))) do free[alive[i]] = tonumber(slots or '') or 0 end
    end
    free[me] = 1
  end

  local function want(home, tenant, to_search)
    for _, base in ipairs(home.lacks) do call('SADD', p .. ':wanted:' .. home.name, tenant .. ':' .. base .. ':' .. to_search) end
  end

  -- The living in the bases' order, what each of them lacks, and whether any lacks nothing. Those that come first and lack something are told.
  local function rank(tenant, bases)
    local of = ranked[bases]
    if of then return of end
    of = { warm = false }
    local asked = {}
    for base in bases:gmatch('[^+]+') do asked[#asked + 1] = base end
    for i, name in ipairs(alive) do
      local home = { name = name, hash = redis.sha1hex(asked[1] .. name), lacks = {} }
      for at, is_open in ipairs(call('SMISMEMBER', p .. ':warm:' .. name, unpack(asked))) do
        if is_open == 0 then home.lacks[#home.lacks + 1] = asked[at] end
      end
      home.warm = #home.lacks == 0
      of[i] = home
      of.warm = of.warm or home.warm
    end
    table.sort(of, function(a, b) return a.hash > b.hash end)
    for i = 1, of.warm and math.min(copies, #of) or 0 do
      if not of[i].warm then want(of[i], tenant, i == 1 and 1 or 0) end
    end
    ranked[bases] = of
    return of
  end

  local function first_free(of, warm)
    for _, home in ipairs(of) do
      if home.warm == warm and free[home.name] > 0 then return home end
    end
  end

  local function decide(line, tenant, bases)
    if not alive then read() end
    if #alive == 0 or (#alive == 1 and alive[1] == me) then return true end
    local of = rank(tenant, bases)
    local turn = first_free(of, of.warm)
    if turn and turn.name == me then return true end
    if not turn then
      -- All that have them open are busy: one more is to have them.
      local next_home = first_free(of, false)
      if next_home then want(next_home, tenant, 1) end
    end
    call('HSETNX', homes.waits, line, now)
    local cold = of.warm
    for _, home in ipairs(of) do cold = cold and not (home.name == me and home.warm) end
    local left = tonumber(call('HGET', homes.waits, line)) + (cold and LEFT_TO_COLD_MS or LEFT_TO_WARM_MS) - now
    if left <= 0 then return true end
    homes.soonest = math.min(homes.soonest or left, left)
    return false
  end

  -- Whether this process is to take the next job of a line.
  function homes.takes(line, tenant, bases)
    if me == '' then return true end
    if decided[line] == nil then decided[line] = decide(line, tenant, bases) end
    return decided[line]
  end

  function homes.has_free(slots)
    if me ~= '' then call('HSET', p .. ':free', me, slots) end
  end

  return homes
end

