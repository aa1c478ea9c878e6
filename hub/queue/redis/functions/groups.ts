/** Reader groups: what makes them, leases with epochs, and the plans of the archive. */
export const groupFunctions = String.raw`
local function endOf(topic)
  return { sequence = topic.last, records = topic.records, bytes = topic.bytes }
end

-- The place behind a sequence that is retained, or before the first that is.
local function cursorBehind(keys, at, topic, sequence)
  if sequence >= topic.last then return endOf(topic) end
  if sequence >= topic.first then
    local sums = sumsAt(keys, at, sequence)
    return { sequence = sequence, records = sums.recordsThrough, bytes = sums.bytesThrough }
  end
  local sums = sumsAt(keys, at, topic.first)
  return {
    sequence = topic.first - 1, records = sums.recordsThrough - sums.records, bytes = sums.bytesThrough - sums.bodyBytes,
  }
end

-- What lay before a group when it was made, per stream: "row:position …". Only front topics have it: their streams are what somebody
-- passes on under the same positions.
local function keepBeginnings(keys, at, topic, name, from)
  local channel = string.match(topic.name, '^front/(.*)$')
  if not channel or (from ~= 'end' and topic.first == 1) then return end
  local positions = {}
  local rows = call('HGETALL', keys[POS])
  for index = 2, #rows, 2 do
    local row, start, held, of = string.match(rows[index], '^(%S+) (%S+) (%S+) .* (%S+)$')
    if of == channel and tonumber(held) > tonumber(start) then positions[row] = tonumber(held) end
  end
  if from ~= 'end' then
    -- What is retained is read, so a stream begins with the first of it. A part that came late stands behind what follows it.
    for sequence = topic.first, topic.last do
      for _, place in ipairs(placesOf(keys, at, sequence)) do
        local position = positions[place.row]
        if position and place.from < place.to and place.from < position then positions[place.row] = place.from end
      end
    end
  end
  local texts = {}
  for row, position in pairs(positions) do texts[#texts + 1] = row .. ':' .. n(position) end
  call('HSET', keys[at + BEGINNINGS], name, table.concat(texts, ' '))
end

local function makeGroup(keys, at, topic, name, request)
  keepBeginnings(keys, at, topic, name, request.from)
  local start = request.from == 'end' and endOf(topic) or cursorBehind(keys, at, topic, 0)
  local group = {
    policy = request.policy, ageMs = request.ageMs, bytesMax = request.bytesMax, cursor = start.sequence, records = start.records,
    bytes = start.bytes, dropped = 0, epoch = tonumber(call('HGET', keys[META], 'removedEpoch') or 0), expiresMs = 0, paused = request.paused, try = '-', owner = '',
  }
  putGroup(keys, at, name, group)
end

local GROUP_FIELDS = 6

-- topic, version of the registry, groups (name, policy, age, bytes, paused, from). The topic is made where it is not there; a version
-- that is older than one told already makes nothing, as a group may be missing in it.
local function makeTopic(keys, args)
  local meta, no = enter(keys, args)
  if no then return no end
  if tonumber(args[4]) < tonumber(call('HGET', keys[META], 'registry')) then return { meta.generation, 'old' } end
  local topic = topicOf(keys, args[3])
  if not topic then
    topic = { name = args[3], first = 1, last = 0, records = 0, bytes = 0, trimmed = 0 }
  end
  for at = 5, #args, GROUP_FIELDS do
    if not findGroup(keys, FIXED, args[at]) then
      makeGroup(keys, FIXED, topic, args[at], {
        policy = args[at + 1], ageMs = tonumber(args[at + 2]), bytesMax = tonumber(args[at + 3]), paused = args[at + 4], from = args[at + 5],
      })
    end
  end
  putTopic(keys, meta, topic)
  leave(keys, meta)
  return { meta.generation, 'done', topic.last, pendingOf(keys, FIXED, topic), meta.bytes, meta.memory }
end

-- topic, version of the registry, group, policy, age, bytes, from, paused. Where the topic is not there yet, the version alone is remembered.
local function ensureGroup(keys, args)
  local meta, no = enter(keys, args)
  if no then return no end
  local known = tonumber(call('HGET', keys[META], 'registry'))
  if tonumber(args[4]) > known then call('HSET', keys[META], 'registry', args[4]) end
  local topic = topicOf(keys, args[3])
  if not topic then return { meta.generation, 'none' } end
  local name = args[5]
  local group = findGroup(keys, FIXED, name)
  if group then
    group.policy, group.ageMs, group.bytesMax = args[6], tonumber(args[7]), tonumber(args[8])
    putGroup(keys, FIXED, name, group)
  else
    makeGroup(keys, FIXED, topic, name, {
      policy = args[6], ageMs = tonumber(args[7]), bytesMax = tonumber(args[8]), from = args[9], paused = args[10],
    })
  end
  putTopic(keys, meta, topic)
  leave(keys, meta)
  return { meta.generation, 'done', topic.last, pendingOf(keys, FIXED, topic), meta.bytes, meta.memory }
end

-- One that lasts longer than any that is asked for was given by a clock that was set back since.
local LEASE_MS_MAX = 600000

-- topic, group, owner, milliseconds
local function acquire(keys, args)
  local meta, no = enter(keys, args)
  if no then return no end
  local name, owner = args[4], args[5]
  local group = findGroup(keys, FIXED, name)
  if not group then
    if topicOf(keys, args[3]) then return { meta.generation, 'absent' } end
    return { meta.generation, 'TOPIC' }
  end
  local leftMs = group.expiresMs - meta.nowMs
  local isOwned = group.owner ~= '' and group.epoch > meta.generation and leftMs > 0 and leftMs <= LEASE_MS_MAX
  if group.paused == '1' or (isOwned and group.owner ~= owner) then return { meta.generation, 'none' } end
  nextEpoch(meta, group, owner, meta.nowMs + args[6])
  putGroup(keys, FIXED, name, group)
  return { meta.generation, 'done', group.epoch, group.cursor, group.expiresMs }
end

-- topic, group, epoch, milliseconds. A lease that ran out is renewed as well, as long as nobody took the group.
local function renew(keys, args)
  local meta, no = enter(keys, args)
  if no then return no end
  local group = findGroup(keys, FIXED, args[4])
  if not group then return { meta.generation, 'absent' } end
  if not holds(meta, group, tonumber(args[5])) then return { meta.generation, 'none' } end
  group.expiresMs = meta.nowMs + args[6]
  putGroup(keys, FIXED, args[4], group)
  return { meta.generation, 'done', group.epoch, group.cursor, group.expiresMs }
end

-- topic, group, epoch
local function release(keys, args)
  local meta, no = enter(keys, args)
  if no then return no end
  local group = findGroup(keys, FIXED, args[4])
  if not group then return { meta.generation, 'absent' } end
  if holds(meta, group, tonumber(args[5])) then
    nextEpoch(meta, group, '', 0)
    putGroup(keys, FIXED, args[4], group)
  end
  return { meta.generation, 'done' }
end

local function planOf(keys, topic, group)
  local text = call('HGET', keys[PLANS], topic .. '\n' .. group)
  if not text then return nil end
  local first, last, createdMs, name = string.match(text, '^(%S+) (%S+) (%S+) (.*)$')
  return { first = tonumber(first), last = tonumber(last), name = name, text = text, createdMs = createdMs }
end

-- topic, group, epoch, first, last, created, name
local function plan(keys, args)
  local meta, no = enter(keys, args)
  if no then return no end
  local name = args[4]
  local topic, group = topicOf(keys, args[3]), findGroup(keys, FIXED, name)
  if not group then return { meta.generation, 'absent' } end
  if not holds(meta, group, tonumber(args[5])) then return { meta.generation, 'fenced' } end
  local found = planOf(keys, args[3], name)
  if found then
    writeAgain(keys)
    return { meta.generation, 'plan', found.text }
  end
  local first, last = tonumber(args[6]), tonumber(args[7])
  if first ~= group.cursor + 1 or last < first or last > topic.last then
    return { meta.generation, 'range', group.cursor + 1, topic.last }
  end
  local text = table.concat({ args[6], args[7], args[8], args[9] }, ' ')
  call('HSET', keys[PLANS], args[3] .. '\n' .. name, text)
  return { meta.generation, 'plan', text }
end
`;
