/**
 * What an operator does to a reader group by hand. Each of these raises the epoch, so that whoever worked on the group before changes
 * nothing any more, and ends a stored archive plan: it names a range that begins at another cursor.
 */
export const operatorFunctions = String.raw`
local function knowVersion(keys, version)
  if tonumber(version) > tonumber(call('HGET', keys[META], 'registry')) then call('HSET', keys[META], 'registry', version) end
end

-- topic, version of the registry, group, paused
local function pauseGroup(keys, args)
  local meta, no = enter(keys, args)
  if no then return no end
  knowVersion(keys, args[4])
  local name = args[5]
  local group = findGroup(keys, FIXED, name)
  if not group then return { meta.generation, 'none' } end
  group.paused = args[6]
  -- An owner that went on after a pause it never noticed would be as good as any: but it was told that it has ended.
  if args[6] == '1' then nextEpoch(meta, group, '', 0) end
  putGroup(keys, FIXED, name, group)
  return { meta.generation, 'paused' }
end

local function moveByHand(keys, meta, topic, name, group, to)
  group.cursor, group.records, group.bytes = to.sequence, to.records, to.bytes
  call('HDEL', keys[PLANS], topic.name .. '\n' .. name)
  call('HDEL', keys[ATTEMPTS], topic.name .. '\n' .. name)
  putGroup(keys, FIXED, name, group)
  putTopic(keys, meta, topic)
  leave(keys, meta)
end

-- The first entry that was received at a time or after it. Receive times never go back.
local function firstSince(keys, topic, receivedMs)
  local low, high = topic.first, topic.last + 1
  while low < high do
    local middle = math.floor((low + high) / 2)
    if sumsAt(keys, FIXED, middle).receivedMs >= receivedMs then high = middle else low = middle + 1 end
  end
  return low
end

-- Nobody else works on a group that is moved in several steps; when who moves it dies, it is free again after so long.
local MOVED_MS = 10000

-- topic, group, token of this call, kind, value, whether the group may not go back, whether what it passes by is set aside, whether it
-- is the archive's, how many are set aside at a time. Answers with the level, where the cursor is, what was skipped, and where it goes.
local function seekGroup(keys, args)
  local meta, no = enter(keys, args)
  if no then return no end
  local name = args[4]
  local topic, group = topicOf(keys, args[3]), findGroup(keys, FIXED, name)
  if not group then return { meta.generation, topic and 'absent' or 'TOPIC' } end
  if group.try == args[5] then
    writeAgain(keys)
    return { meta.generation, 'again', group.cursor }
  end
  local step = group.cursor + tonumber(args[11])
  local sequence = tonumber(args[7])
  if args[6] == 'end' then sequence = topic.last + 1
  elseif args[6] == 'beginning' then sequence = topic.first
  elseif args[6] == 'time' then sequence = firstSince(keys, topic, sequence) end
  if sequence < topic.first or sequence > topic.last + 1 then return { meta.generation, 'range', topic.first, topic.last } end
  local to = cursorBehind(keys, FIXED, topic, sequence - 1)
  if to.sequence < group.cursor and args[8] == '1' then return { meta.generation, 'back', group.cursor, to.sequence } end
  local last = to.sequence
  if args[9] == '1' and last > step then to = cursorBehind(keys, FIXED, topic, step) end
  local skipped = math.max(0, to.records - group.records)
  group.dropped = group.dropped + skipped
  if args[9] == '1' then setAside(keys, FIXED, args[3], group.cursor, to.sequence, args[10] == '1') end
  group.try = args[5]
  if to.sequence < last then nextEpoch(meta, group, 'operator', meta.nowMs + MOVED_MS)
  else nextEpoch(meta, group, '', 0) end
  moveByHand(keys, meta, topic, name, group, to)
  return { meta.generation, 'done', topic.last, pendingOf(keys, FIXED, topic), meta.bytes, meta.memory, to.sequence, skipped, last }
end

-- topic, group, token of this call, how many, reason, whether what it passes by is set aside, whether it is the archive's. What is set
-- aside is kept as dead letters.
local function skipEntries(keys, args)
  local meta, no = enter(keys, args)
  if no then return no end
  local name = args[4]
  local topic, group = topicOf(keys, args[3]), findGroup(keys, FIXED, name)
  if not group then return { meta.generation, topic and 'absent' or 'TOPIC' } end
  if group.try == args[5] then
    writeAgain(keys)
    return { meta.generation, 'again' }
  end
  local after = group.cursor
  local to = math.min(after + math.max(0, tonumber(args[6])), topic.last)
  if to > after then
    for sequence = after + 1, to do
      keepDeadLetter(keys, FIXED, meta, { topic = args[3], group = name, sequence = sequence, reason = args[7] })
    end
    if args[8] == '1' then setAside(keys, FIXED, args[3], after, to, args[9] == '1') end
    group.try = args[5]
    nextEpoch(meta, group, '', 0)
    moveByHand(keys, meta, topic, name, group, cursorBehind(keys, FIXED, topic, to))
  end
  return { meta.generation, 'done', topic.last, pendingOf(keys, FIXED, topic), meta.bytes, meta.memory, to - after }
end

-- topic, version of the registry, group. Answers with the level, and how many rows of its beginnings are to be forgotten.
local function removeGroup(keys, args)
  local meta, no = enter(keys, args)
  if no then return no end
  knowVersion(keys, args[4])
  local topic = topicOf(keys, args[3])
  local group = findGroup(keys, FIXED, args[5])
  if not topic or not group then return { meta.generation, 'none' } end
  -- One that is made anew gives out none of these epochs again.
  local before = tonumber(call('HGET', keys[META], 'removedEpoch') or 0)
  call('HSET', keys[META], 'removedEpoch', n(math.max(before, group.epoch)))
  call('HDEL', keys[FIXED + GROUPS], args[5])
  call('HDEL', keys[PLANS], args[3] .. '\n' .. args[5])
  call('HDEL', keys[ATTEMPTS], args[3] .. '\n' .. args[5])
  local beginnings = call('HGET', keys[FIXED + BEGINNINGS], args[5]) or ''
  call('HDEL', keys[FIXED + BEGINNINGS], args[5])
  putTopic(keys, meta, topic)
  leave(keys, meta)
  return { meta.generation, 'done', topic.last, pendingOf(keys, FIXED, topic), meta.bytes, meta.memory, tonumber(string.match(beginnings, '^%S+ (%S+)') or 0) }
end
`;
