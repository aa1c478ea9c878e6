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

local function makeGroup(keys, at, topic, name, request)
  local start = request.from == 'end' and endOf(topic) or cursorBehind(keys, at, topic, 0)
  if request.from == 'end' or topic.first > 1 then beginGathering(keys, at, topic, name, start.sequence) end
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
-- Answers with the level, and whether all that lay before the group is gathered.
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
  local isGathered = isGathering(keys, name) and 0 or 1
  return { meta.generation, 'done', topic.last, pendingOf(keys, FIXED, topic), meta.bytes, meta.memory, isGathered }
end

-- The sequence that was tried last, how often that was, and the token of the last call.
local function triesOf(keys, topic, group)
  local sequence, tries, token = string.match(call('HGET', keys[ATTEMPTS], topic .. '\n' .. group) or '', '^(%S+) (%S+) (%S+)$')
  return sequence, tonumber(tries or 0), token
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
  if isGathering(keys, name) then return { meta.generation, 'BEGINNINGS', name } end
  local leftMs = group.expiresMs - meta.nowMs
  local isOwned = group.owner ~= '' and group.epoch > meta.generation and leftMs > 0 and leftMs <= LEASE_MS_MAX
  if group.paused == '1' or (isOwned and group.owner ~= owner) then return { meta.generation, 'none' } end
  local isUnclean = group.owner ~= ''
  local sequence, tries = triesOf(keys, args[3], name)
  if sequence ~= n(group.cursor + 1) then tries = 0 end
  nextEpoch(meta, group, owner, meta.nowMs + args[6])
  putGroup(keys, FIXED, name, group)
  return { meta.generation, 'done', group.epoch, group.cursor, group.expiresMs, isUnclean and 1 or 0, tries }
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

-- topic, group, epoch, sequence, token of this call. One entry of a group at a time: another one begins at one.
local function attempt(keys, args)
  local meta, no = enter(keys, args)
  if no then return no end
  local group = findGroup(keys, FIXED, args[4])
  if not group then return { meta.generation, 'absent' } end
  if not holds(meta, group, tonumber(args[5])) then return { meta.generation, 'fenced' } end
  local sequence, tries, token = triesOf(keys, args[3], args[4])
  local count = sequence == args[6] and tries or 0
  -- The same call again, of which nobody knew whether it was done.
  if token ~= args[7] then count = count + 1 end
  call('HSET', keys[ATTEMPTS], args[3] .. '\n' .. args[4], table.concat({ args[6], n(count), args[7] }, ' '))
  return { meta.generation, 'done', count }
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
