/** Moving a group's cursor together with everything that follows from it (invariant 4). */
import { archiveGroup } from '../../queue.ts';

export const commitFunctions = String.raw`
-- Records that the archive passed and that are in no row.
local function countPassed(keys, topic, what, records)
  if tonumber(records) > 0 then call('HINCRBY', keys[ARCHIVED], what .. ' ' .. string.match(topic, '/(.*)$'), records) end
end

-- Kept whole, as the topic that it came from will be trimmed (invariant 6). What was spilled stays where it is.
local function keepDeadLetter(keys, at, meta, letter)
  local field = n(letter.sequence)
  local sums = call('HGET', keys[at + SUMS], field)
  local number = n(call('HINCRBY', keys[META], 'deadLetters', 1))
  if letter.group == '${archiveGroup}' then countPassed(keys, letter.topic, 'rejected', sumsOf(sums).records) end
  local header = cjson.encode({ letter.topic, letter.group, field, n(meta.nowMs), letter.reason })
  call('HSET', keys[DEAD], number .. ':header', header, number .. ':sums', sums, number .. ':details',
    call('HGET', keys[at + DETAILS], field))
  local body = call('HGET', keys[at + BODIES], field)
  if body then
    call('HSET', keys[DEAD], number .. ':body', body)
    return
  end
  -- Trimming the entry leaves its body then. How many have it is known from the first on.
  local all = split(sums, '%S+')
  local own = string.gsub(all[10], '^%+', '')
  if own == all[10] or call('HGET', keys[DEAD], 'ref:' .. own) then call('HINCRBY', keys[DEAD], 'ref:' .. own, 1) end
  if own ~= all[10] then return end
  all[10] = '+' .. all[10]
  call('HSET', keys[at + SUMS], field, table.concat(all, ' '))
end

-- An expiring group may have been moved on while its reader worked: then it stays where it is.
local function moveCursor(keys, at, topic, group, to)
  if to <= group.cursor and group.policy == 'x' then return true end
  if to <= group.cursor or to > topic.last then return false end
  local cursor = cursorBehind(keys, at, topic, to)
  group.cursor, group.records, group.bytes = cursor.sequence, cursor.records, cursor.bytes
  return true
end

local function stepOver(keys, topic, name, from, to)
  local text = call('HGET', keys[POS], name)
  if not text then return end
  local stream = streamOf(text)
  if not isOwnTopic(topic, stream) then return end
  archivedTo(keys, stream, math.max(stream.reached, to), awaitingWithout(stream.awaited, { from = from, to = to }))
  putStream(keys, name, stream)
end

-- A row of the archive's index, and the sums of its channel: records, raw bytes and bytes, then the channel.
local function addObject(keys, row, sums)
  -- It may have been made of its manifest before (addArchived): then it is there, and one as any other from now on.
  if call('LPOS', keys[OBJECTS], row) then
    local known, of = string.match(sums, '^(%d+) %d+ %d+ (.+)$')
    call('HINCRBY', keys[ARCHIVED], 'restored ' .. of, -known)
    return
  end
  call('RPUSH', keys[OBJECTS], row)
  local records, raw, bytes, channel = string.match(sums, '^(%d+) (%d+) (%d+) (.+)$')
  call('HINCRBY', keys[ARCHIVED], 'objects ' .. channel, 1)
  call('HINCRBY', keys[ARCHIVED], 'records ' .. channel, records)
  call('HINCRBY', keys[ARCHIVED], 'rawBytes ' .. channel, raw)
  call('HINCRBY', keys[ARCHIVED], 'objectBytes ' .. channel, bytes)
end

-- topic, group, epoch, to, token of this call, number of entries, entries (place of the topic among the keys, its name, bytes that it may
-- have here, entry), number of dead letters, dead letters (sequence, reason), name of the plan that ends or nothing, its last, the
-- row of the object or nothing, its sums, how many records are left out, segments (name, from, to). Answers with bytes and memory, then last and pending of each topic.
local function commit(keys, args)
  local meta, no = enter(keys, args)
  if no then return no end
  local generation, name = meta.generation, args[4]
  local topic, group = topicOf(keys, args[3]), findGroup(keys, FIXED, name)
  if not group then return { generation, 'absent' } end
  if not holds(meta, group, tonumber(args[5])) then return { generation, 'fenced' } end
  -- The same call again, of which nobody knew whether it was done.
  if group.try == args[7] then
    writeAgain(keys)
    return { generation, 'again' }
  end
  local entryCount = tonumber(args[8])
  local targets, order, entries, at = {}, {}, {}, 9
  for index = 1, entryCount do
    local place, target = tonumber(args[at]), args[at + 1]
    if not targets[target] then
      local found = topicOf(keys, target)
      if not found then return { generation, 'TOPIC', target } end
      if pendingOf(keys, place, found) >= tonumber(args[at + 2]) then return { generation, 'full' } end
      targets[target] = { topic = found, place = place }
      order[#order + 1] = targets[target]
    end
    entries[index], at = entryOf(keys, args, at + 3)
    entries[index].target = targets[target]
    local bodyKey = entries[index].bodyKey
    if bodyKey and call('EXISTS', bodyKey) == 0 then return { generation, 'BODIES' } end
    if not findStreams(keys, entries[index]) then return { generation, 'STREAMS' } end
  end
  if targets[args[3]] then topic = targets[args[3]].topic end
  local letterCount = tonumber(args[at])
  local letters = at + 1
  local planAt = letters + 2 * letterCount
  if args[planAt] ~= '' then
    local stored = planOf(keys, args[3], name)
    if not stored or stored.name ~= args[planAt] or stored.last ~= tonumber(args[planAt + 1]) then return { generation, 'plan' } end
  end
  if not moveCursor(keys, FIXED, topic, group, tonumber(args[6])) then return { generation, 'range', group.cursor, topic.last } end
  -- From here on it is done: nothing below finds a reason against it.
  group.try = args[7]
  putGroup(keys, FIXED, name, group)
  for _, entry in ipairs(entries) do
    -- One commit may bring a stream that is new in several entries.
    findStreams(keys, entry)
    placeEntry(keys, entry)
    insert(keys, entry.target.place, meta, entry.target.topic, entry)
  end
  for index = 0, letterCount - 1 do
    local sequence = tonumber(args[letters + 2 * index])
    keepDeadLetter(keys, FIXED, meta, { topic = args[3], group = name, sequence = sequence, reason = args[letters + 2 * index + 1] })
    setAside(keys, FIXED, args[3], sequence - 1, sequence, false)
  end
  if args[planAt] ~= '' then
    if args[planAt + 2] ~= '' then addObject(keys, args[planAt + 2], args[planAt + 3]) end
    countPassed(keys, args[3], 'leftOut', args[planAt + 4])
    for index = planAt + 5, #args, 3 do stepOver(keys, args[3], args[index], tonumber(args[index + 1]), tonumber(args[index + 2])) end
    call('HDEL', keys[PLANS], args[3] .. '\n' .. name)
  end
  for _, target in ipairs(order) do putTopic(keys, meta, target.topic) end
  if not targets[args[3]] then putTopic(keys, meta, topic) end
  leave(keys, meta)
  local answer = { generation, 'done', meta.bytes, meta.memory, topic.last, pendingOf(keys, FIXED, topic) }
  for _, target in ipairs(order) do
    answer[#answer + 1] = target.topic.name
    answer[#answer + 1] = target.topic.last
    answer[#answer + 1] = pendingOf(keys, target.place, target.topic)
  end
  return answer
end
`;
