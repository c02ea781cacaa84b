-- Every change that nodes make to the counts they share, as one script: what it reads holds until it has written.
--
-- KEYS[1]  a hash: who is alive, and when they were last heard of
-- ARGV     what to do; after how many milliseconds of silence somebody is dead; who asks; how many milliseconds
--          the time is ahead of this Redis's clock; then by what is done
--
-- An account is a hash. A field for each of those who are alive holds what their calls under way have
-- reserved: who is dead is not looked at any more. What has been used is in 'spent'; where the time rolls, in
-- a field for each part of the window, by its number, with their sum in 'total' and the last one in 'newest'.
-- There what is reserved is in the part in which that was done, too, and rolls with it. A part is forgotten as a
-- whole once what was taken last in it, of which '@' and its number tell when, is as old as the window.
-- 'ahead' is what of 'spent' was learned from elsewhere and will be told by its node, too, once that returns. 'base' is
-- what of it was seen before it was lost, and 'based' when that was told last.

local nodes, op, stale, me = KEYS[1], ARGV[1], tonumber(ARGV[2]), ARGV[3]
local time = redis.call('TIME')
local now = tonumber(time[1]) * 1000 + math.floor(tonumber(time[2]) / 1000) + tonumber(ARGV[4])
local PARTS = 60
local HOUR = 3600000
local DAY = 86400000

-- Numbers here are exact below 2^53, amounts go up to 2^63: so those stay text, and are added in two halves.
local function split(text)
  local length = #text
  if length <= 6 then return 0, tonumber(text) end
  return tonumber(text:sub(1, length - 6)), tonumber(text:sub(length - 5))
end

local function text(high, low)
  if high > 0 then return string.format('%.0f%06.0f', high, low) end
  return string.format('%.0f', low)
end

local function plus(one, other)
  if one == '0' then return other end
  if other == '0' then return one end
  local h1, l1 = split(one)
  local h2, l2 = split(other)
  local high, low = h1 + h2, l1 + l2
  if low >= 1000000 then high, low = high + 1, low - 1000000 end
  return text(high, low)
end

local function at_most(one, other)
  return #one < #other or (#one == #other and one <= other)
end

-- Never below 0.
local function minus(one, other)
  if at_most(one, other) then return '0' end
  if other == '0' then return one end
  local h1, l1 = split(one)
  local h2, l2 = split(other)
  local high, low = h1 - h2, l1 - l2
  if low < 0 then high, low = high - 1, low + 1000000 end
  return text(high, low)
end

local function add(key, field, amount)
  if amount ~= '0' then redis.call('HINCRBY', key, field, amount) end
end

local function take_away(key, field, amount)
  local held = redis.call('HGET', key, field)
  if not held then return end
  local left = minus(held, amount)
  if left == '0' then redis.call('HDEL', key, field) else redis.call('HSET', key, field, left) end
end

-- A clock that was set back counts, too: nobody is alive for an hour because it was.
local function alive(beat)
  return math.abs(now - tonumber(beat)) <= stale
end

local function living()
  local all, living, known = redis.call('HGETALL', nodes), {}, false
  for i = 1, #all, 2 do
    if alive(all[i + 1]) then
      living[#living + 1] = all[i]
      known = known or all[i] == me
    end
  end
  return living, known
end

local function number(part)
  return string.format('%.0f', part)
end

local function part_of(length)
  return math.ceil(length / PARTS)
end

-- When something was taken last in a part; in its end, where nobody has said.
local function last(one, said, part)
  return said and tonumber(said) or (one + 1) * part - 1
end

-- Moves a window on to this moment. Returns what was used within it, and the number of the part that is under way.
local function rolled(key, length)
  local part = part_of(length)
  local current = math.floor(now / part)
  local kept = redis.call('HMGET', key, 'total', 'newest')
  local total, newest = kept[1] or '0', tonumber(kept[2] or current)
  if newest > current + PARTS then
    -- The clock was set back: what was used holds for one window from now on, and no longer.
    for one = newest - PARTS, newest do redis.call('HDEL', key, number(one), '@' .. number(one)) end
    redis.call('HSET', key, number(current), total, '@' .. number(current), number(now),
      'newest', number(current))
    return total, current
  end
  current = math.max(current, newest)
  local old = {}
  for one = newest - PARTS, math.min(newest, math.floor((now - length) / part)) do
    old[#old + 1] = number(one)
    old[#old + 1] = '@' .. number(one)
  end
  if #old == 0 then return total, current end
  local said, gone = redis.call('HMGET', key, unpack(old)), {}
  for i = 1, #old, 2 do
    local there = said[i] or said[i + 1]
    if there and last(tonumber(old[i]), said[i + 1], part) + length <= now then
      total = minus(total, said[i] or '0')
      gone[#gone + 1] = old[i]
      gone[#gone + 1] = old[i + 1]
    end
  end
  if #gone > 0 then
    redis.call('HDEL', key, unpack(gone))
    redis.call('HSET', key, 'total', total, 'newest', number(current))
  end
  return total, current
end

-- When that much fits into a window, as far as it rolls; in milliseconds from now.
local function fits(key, length, total, current, wanted, amount)
  local part, fields, wait = part_of(length), {}, 1
  for one = current - PARTS, current do
    fields[#fields + 1] = number(one)
    fields[#fields + 1] = '@' .. number(one)
  end
  local said = redis.call('HMGET', key, unpack(fields))
  for i = 1, #fields, 2 do
    if at_most(plus(total, wanted), amount) then return wait end
    if said[i] then
      total = minus(total, said[i])
      wait = math.max(1, last(tonumber(fields[i]), said[i + 1], part) + length - now)
    end
  end
  return wait
end

-- Of a window what was used more or less at that moment; what has left it counts no more.
local function correct(key, length, moment, more, less)
  local part = part_of(length)
  local total, current = rolled(key, length)
  local one = math.min(current, math.floor(moment / part))
  if one < current - PARTS then return end
  local told = redis.call('HMGET', key, number(one), '@' .. number(one))
  local before = told[1] or '0'
  local after = minus(plus(before, more), less)
  if after == before then return end
  local taken = last(one, told[2], part)
  if at_most(before, after) then taken = told[2] and math.max(taken, moment) or moment end
  redis.call('HSET', key, number(one), after, '@' .. number(one), number(taken),
    'total', minus(plus(total, after), before), 'newest', number(current))
  redis.call('PEXPIRE', key, length + 2 * part)
end

local function open(key, living)
  local sum = '0'
  if #living > 0 then
    for _, reserved in ipairs(redis.call('HMGET', key, unpack(living))) do
      if reserved then sum = plus(sum, reserved) end
    end
  end
  return sum
end

local function least(one, other)
  return at_most(one, other) and one or other
end

-- What is used and reserved of an account; of a window also the part that is under way.
local function level(key, kind, extent, living)
  if kind == 'spent' then
    return redis.call('HGET', key, 'spent') or '0', open(key, living)
  elseif kind == 'now' then
    return '0', open(key, living)
  end
  local total, current = rolled(key, extent)
  local reserved = kind == 'window' and least(open(key, living), total) or '0'
  return minus(total, reserved), reserved, current
end

-- What the dead have reserved of a window is free, from its oldest parts on: so it is not passed. In a short one
-- that leaves soon by itself, and calls may be longer than it.
local function bury(key, kind, extent, living)
  if kind ~= 'window' or extent < HOUR then return false end
  local total, current = rolled(key, extent)
  local here, buried = {}, '0'
  for _, one in ipairs(living) do here[one] = true end
  local all = redis.call('HGETALL', key)
  for i = 1, #all, 2 do
    local field = all[i]
    local own = tonumber(field) or field:sub(1, 1) == '@' or field == 'total' or field == 'newest'
    if not own and not here[field] then
      buried = plus(buried, all[i + 1])
      redis.call('HDEL', key, field)
    end
  end
  if buried == '0' then return false end
  redis.call('HSET', key, 'total', minus(total, buried))
  for one = current - PARTS, current do
    local sum = redis.call('HGET', key, number(one))
    if sum then
      take_away(key, number(one), buried)
      buried = minus(buried, sum)
    end
  end
  return true
end

local function expire(key, kind, extent)
  if kind == 'now' then
    redis.call('PEXPIRE', key, DAY)
  elseif kind ~= 'spent' then
    redis.call('PEXPIRE', key, extent + 2 * part_of(extent))
  elseif extent > 0 and redis.call('PTTL', key) < 0 then
    redis.call('PEXPIRE', key, extent)
  end
end

-- What of that much was not learned from elsewhere already.
local function not_ahead(key, much)
  local ahead = redis.call('HGET', key, 'ahead') or '0'
  take_away(key, 'ahead', much)
  return minus(much, ahead)
end

-- Of each account: kind, extent (of a window, or until it may be forgotten), amount ('' where whatever is
-- asked for is given), bound, usual.
if op == 'take' then
  local living, known = living()
  if not known then return { 'unknown' } end
  local found = {}
  for i = 2, #KEYS do
    local key, at = KEYS[i], 5 + (i - 2) * 5
    local kind, extent = ARGV[at], tonumber(ARGV[at + 1])
    local amount, bound, usual = ARGV[at + 2], ARGV[at + 3], ARGV[at + 4]
    local spent, open, current = level(key, kind, extent, living)
    local function short()
      return amount ~= '' and bound ~= '0' and not at_most(plus(plus(spent, open), bound), amount)
    end
    if short() and bury(key, kind, extent, living) then
      spent, open, current = level(key, kind, extent, living)
    end
    local reserve = bound
    if short() then
      local alone = at_most(plus(spent, usual), amount)
      if open ~= '0' or not alone then
        local again = -1
        if current then
          again = fits(key, extent, plus(spent, open), current,
            at_most(bound, amount) and bound or usual, amount)
        end
        return { 'short', number(i - 2), spent, open, number(again), alone and '1' or '0' }
      end
      reserve = minus(amount, spent)
    end
    found[i] = { spent, open, reserve }
  end
  local reply = { 'taken', number(now), number(#living) }
  for i = 2, #KEYS do
    local key, at = KEYS[i], 5 + (i - 2) * 5
    local kind, extent = ARGV[at], tonumber(ARGV[at + 1])
    local spent, open, reserve = unpack(found[i])
    if kind == 'once' then
      spent = plus(spent, reserve)
    else
      open = plus(open, reserve)
      add(key, me, reserve)
      expire(key, kind, extent)
    end
    if kind == 'once' or kind == 'window' then correct(key, extent, now, reserve, '0') end
    reply[#reply + 1] = spent
    reply[#reply + 1] = open
    reply[#reply + 1] = reserve
  end
  return reply
end

-- KEYS[2] tells the last of the sender's messages that has arrived; they come without gaps. ARGV: the number of this one, whether what is
-- used may have been learned from elsewhere already; of each account: kind, extent, who has reserved, how much,
-- how much was used, and when that was taken.
if op == 'settle' then
  local last = redis.call('GET', KEYS[2])
  if last and at_most(ARGV[5], last) then return { 'known' } end
  if last and plus(last, '1') ~= ARGV[5] then return { 'gap' } end
  redis.call('SET', KEYS[2], ARGV[5], 'PX', DAY)
  local late, reply = ARGV[6] == '1', { 'settled' }
  for i = 3, #KEYS do
    local key, at = KEYS[i], 7 + (i - 3) * 6
    local kind, extent, who, reserved = ARGV[at], tonumber(ARGV[at + 1]), ARGV[at + 2], ARGV[at + 3]
    local used, taken = ARGV[at + 4], ARGV[at + 5] == '' and now or tonumber(ARGV[at + 5])
    local spent = '0'
    if who ~= '' and kind ~= 'once' then take_away(key, who, reserved) end
    if kind == 'once' or kind == 'window' then
      correct(key, extent, taken, used, reserved)
    elseif kind == 'spent' then
      if late and used ~= '0' then used = not_ahead(key, used) end
      add(key, 'spent', used)
      if used ~= '0' then expire(key, kind, extent) end
      spent = redis.call('HGET', key, 'spent') or '0'
    end
    reply[#reply + 1] = spent
  end
  return reply
end

-- The last of the messages of KEYS[2] that has arrived, and how often its sender has joined, by KEYS[3]. The first is
-- written again, so that a Redis that takes nothing (a replica, one that is full) says so before anything is sent to it.
if op == 'last' then
  local last = redis.call('GET', KEYS[2]) or '0'
  redis.call('SET', KEYS[2], last, 'PX', DAY)
  return { 'last', last, redis.call('GET', KEYS[3]) or '0' }
end

-- What has been spent is that much at least. ARGV: from where that was learned; of each account: extent, amount.
-- What nodes have seen here 'before' this Redis lost it is one amount, which each of them may have seen a part of,
-- while what they have not told comes on top of it, each time.
if op == 'raise' then
  local from, reply = ARGV[5], { 'raised' }
  for i = 2, #KEYS do
    local key, at = KEYS[i], 6 + (i - 2) * 2
    local spent, amount = redis.call('HGET', key, 'spent') or '0', ARGV[at + 1]
    local known = spent
    if from == 'before' then
      local base = redis.call('HMGET', key, 'base', 'based')
      if base[1] and math.abs(now - tonumber(base[2])) <= stale then known = base[1] end
    end
    if not at_most(amount, known) then
      local more = minus(amount, known)
      if from == 'elsewhere' then add(key, 'ahead', more) end
      if from == 'before' then
        more = not_ahead(key, more)
        redis.call('HSET', key, 'base', amount, 'based', number(now))
      end
      spent = plus(spent, more)
      redis.call('HSET', key, 'spent', spent)
      expire(key, 'spent', tonumber(ARGV[at]))
    end
    reply[#reply + 1] = spent
  end
  return reply
end

-- Somebody is there from now on, instead of somebody else. KEYS[2] tells how often the sender has joined, so that
-- no word of a lost connection comes after one of the next. ARGV: how often that is, what names it had before;
-- of each account: kind, extent, what calls under way have reserved of it.
if op == 'join' then
  if at_most(ARGV[5], redis.call('GET', KEYS[2]) or '0') then return { 'known' } end
  redis.call('SET', KEYS[2], ARGV[5], 'PX', DAY)
  for before in ARGV[6]:gmatch('%S+') do redis.call('HDEL', nodes, before) end
  redis.call('HSET', nodes, me, number(now))
  for i = 3, #KEYS do
    local at = 7 + (i - 3) * 3
    add(KEYS[i], me, ARGV[at + 2])
    expire(KEYS[i], ARGV[at], tonumber(ARGV[at + 1]))
  end
  return { 'joined', number(#(living())) }
end

-- Somebody is still there.
if op == 'beat' then
  local all = redis.call('HGETALL', nodes)
  for i = 1, #all, 2 do
    if not alive(all[i + 1]) then redis.call('HDEL', nodes, all[i]) end
  end
  if redis.call('HEXISTS', nodes, me) == 0 then return { 'unknown' } end
  redis.call('HSET', nodes, me, number(now))
  return { 'alive', number(redis.call('HLEN', nodes)) }
end

-- How many were heard of within that many milliseconds.
if op == 'heard' then
  local all, heard = redis.call('HGETALL', nodes), 0
  for i = 1, #all, 2 do
    if now - tonumber(all[i + 1]) <= tonumber(ARGV[5]) then heard = heard + 1 end
  end
  return { 'heard', number(heard) }
end

if op == 'leave' then
  redis.call('HDEL', nodes, me)
  return { 'left' }
end

-- How accounts stand. Of each: kind, extent.
if op == 'levels' then
  local living, reply = living(), { 'levels' }
  for i = 2, #KEYS do
    local key, at = KEYS[i], 5 + (i - 2) * 2
    local kind, extent = ARGV[at], tonumber(ARGV[at + 1])
    bury(key, kind, extent, living)
    local spent, open, current = level(key, kind, extent, living)
    local reset = 0
    if current and plus(spent, open) ~= '0' then
      reset = fits(key, extent, plus(spent, open), current, '1', '1')
    end
    reply[#reply + 1] = spent
    reply[#reply + 1] = open
    reply[#reply + 1] = number(reset)
  end
  return reply
end

return redis.error_reply('there is no ' .. op)
