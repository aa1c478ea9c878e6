/**
 * What lay before a group when it was made, per stream: its position then. Only front topics have it: their streams are what somebody
 * passes on under the same positions.
 *
 * There may be very many streams and entries, so it is gathered in steps after the group was made, and until then nobody works on the group.
 * First the position of every stream that there was; then the entries that the group is to read, those that came meanwhile too: a stream
 * begins with the first of it. The group keeps all of these. Steps may be made by several hubs at a time, and twice.
 *
 * Fields of `beginnings`: the group → `streams ROWS CURSOR SEQUENCE`, `entries ROWS NEXT LAST`, then `done ROWS`; the group, a line end and a
 * row → position.
 */
export const beginningFunctions = String.raw`
local function beginGathering(keys, at, topic, name, sequence)
  local rows = tonumber(call('HGET', keys[META], 'streams') or 0)
  if rows == 0 or string.sub(topic.name, 1, 6) ~= 'front/' then return end
  call('HSET', keys[at + BEGINNINGS], name, table.concat({ 'streams', n(rows), '0', n(sequence) }, ' '))
end

local function isGathering(keys, name)
  local state = call('HGET', keys[FIXED + BEGINNINGS], name)
  local phase = state and string.match(state, '^%a+')
  return (phase == 'streams' or phase == 'entries') and state
end

local function gatherStreams(keys, topic, name, state, most)
  local rows, cursor, sequence = string.match(state, '^streams (%S+) (%S+) (%S+)$')
  local channel = string.sub(topic.name, 7)
  local found = call('HSCAN', keys[POS], cursor, 'COUNT', most)
  local places = {}
  for index = 2, #found[2], 2 do
    local row, start, held, of = string.match(found[2][index], '^(%S+) (%S+) (%S+) .* (%S+)$')
    if of == channel and tonumber(held) > tonumber(start) and tonumber(row) <= tonumber(rows) then
      places[#places + 1] = name .. '\n' .. row
      places[#places + 1] = held
    end
  end
  for first = 1, #places, 1000 do
    call('HSET', keys[FIXED + BEGINNINGS], unpack(places, first, math.min(first + 999, #places)))
  end
  if found[1] ~= '0' then return table.concat({ 'streams', rows, found[1], sequence }, ' ') end
  return table.concat({ 'entries', rows, n(sequence + 1), n(topic.last) }, ' ')
end

-- A part that came late stands behind what follows it.
local function gatherEntries(keys, topic, name, state, most)
  local rows, next, last = string.match(state, '^entries (%S+) (%S+) (%S+)$')
  local first = math.max(tonumber(next), topic.first)
  local to = math.min(first + most - 1, tonumber(last))
  local fields, lowest = {}, {}
  for sequence = first, to do fields[#fields + 1] = n(sequence) end
  for _, details in ipairs(many(keys[FIXED + DETAILS], fields)) do
    for row, from, kept in string.gmatch(string.match(details, '^[^\n]*'), '(%d+):(%d+):(%d+)') do
      from = tonumber(from)
      if from < tonumber(kept) and from < (lowest[row] or SAFE) then lowest[row] = from end
    end
  end
  for row, from in pairs(lowest) do
    local field = name .. '\n' .. row
    local position = call('HGET', keys[FIXED + BEGINNINGS], field)
    if position and from < tonumber(position) then call('HSET', keys[FIXED + BEGINNINGS], field, n(from)) end
  end
  if to < tonumber(last) then return table.concat({ 'entries', rows, n(to + 1), last }, ' ') end
  return 'done ' .. rows
end

-- topic, group, how many streams or entries are looked at. Answers whether there is more to do.
local function gatherBeginnings(keys, args)
  local meta, no = enter(keys, args)
  if no then return no end
  local topic, name = topicOf(keys, args[3]), args[4]
  local state = topic and isGathering(keys, name)
  if not state then return { meta.generation, 'done' } end
  local gather = string.sub(state, 1, 1) == 's' and gatherStreams or gatherEntries
  call('HSET', keys[FIXED + BEGINNINGS], name, gather(keys, topic, name, state, tonumber(args[5])))
  return { meta.generation, isGathering(keys, name) and 'more' or 'done' }
end

-- topic, group, the last row that is known, how many. Answers with the last row that there is, then rows and positions.
local function beginningsOf(keys, args)
  local meta, no = enter(keys, args)
  if no then return no end
  local name, first = args[4], tonumber(args[5]) + 1
  if not findGroup(keys, FIXED, name) then return { meta.generation, 'absent' } end
  if isGathering(keys, name) then return { meta.generation, 'gathering' } end
  local state = call('HGET', keys[FIXED + BEGINNINGS], name)
  local rows = tonumber(state and string.match(state, '^done (%d+)$') or 0)
  local fields = {}
  for row = first, math.min(rows, first + args[6] - 1) do fields[#fields + 1] = name .. '\n' .. n(row) end
  local answer = { meta.generation, 'read', rows }
  for index, position in ipairs(many(keys[FIXED + BEGINNINGS], fields)) do
    if position then
      answer[#answer + 1] = first + index - 1
      answer[#answer + 1] = position
    end
  end
  return answer
end

-- topic, group that was removed, first row, how many. One that was made again meanwhile has its own; what is left of the old one is
-- never read.
local function forgetBeginnings(keys, args)
  local meta, no = enter(keys, args)
  if no then return no end
  if findGroup(keys, FIXED, args[4]) then return { meta.generation, 'done' } end
  local fields = {}
  for row = tonumber(args[5]), args[5] + args[6] - 1 do fields[#fields + 1] = args[4] .. '\n' .. n(row) end
  for first = 1, #fields, 1000 do
    call('HDEL', keys[FIXED + BEGINNINGS], unpack(fields, first, math.min(first + 999, #fields)))
  end
  return { meta.generation, 'done' }
end
`;
