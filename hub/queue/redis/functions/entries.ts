/** Entries that a processor or a listener made, and reading. */
export const entryFunctions = String.raw`
local ENTRY_FIELDS = 12
local MADE_FIELDS = 9

-- format, records, inflated, created, checksum, bytes, length, ref, rest, trims, body, number of segments, segments (name, from, to, kept
-- from, kept to, toMark, channel, what never changes, identity). Returns the entry, and where its arguments end.
local function entryOf(keys, args, at)
  local entry = {
    format = args[at], records = tonumber(args[at + 1]), inflated = args[at + 2], createdMs = args[at + 3], checksum = args[at + 4],
    bodyBytes = tonumber(args[at + 5]), length = args[at + 6], ref = args[at + 7], rest = args[at + 8], trims = args[at + 9],
    body = args[at + 10], bodyKey = bodyKeyOf(keys, args[at + 7], args[at + 10]), segments = {},
  }
  local count = tonumber(args[at + 11])
  local first = at + ENTRY_FIELDS
  for index = 1, count do
    local from = first + (index - 1) * MADE_FIELDS
    entry.segments[index] = {
      name = args[from], from = tonumber(args[from + 1]), to = tonumber(args[from + 2]), keptFrom = args[from + 3],
      keptTo = args[from + 4], toMark = args[from + 5], channel = args[from + 6], fixed = args[from + 7], identity = args[from + 8],
    }
  end
  return entry, first + count * MADE_FIELDS
end

-- False where a stream that is not known yet was not described.
local function findStreams(keys, entry)
  local names = {}
  for index, segment in ipairs(entry.segments) do names[index] = segment.name end
  local texts = many(keys[POS], names)
  for index, segment in ipairs(entry.segments) do
    if texts[index] then segment.stream = streamOf(texts[index])
    elseif segment.fixed == '' then return false end
  end
  return true
end

-- Streams that are not known yet are kept from their first position. The segments of a batch are put where their streams are held.
local function placeEntry(keys, entry)
  local isPlaced = entry.format == 'b'
  local streams, rows = {}, {}
  for index, segment in ipairs(entry.segments) do
    local stream = streams[segment.name] or segment.stream
    if not stream then
      stream = newStream(keys, segment.name, segment.from, segment.channel, segment.fixed .. '\n' .. segment.identity)
      count(keys, segment.channel, { streams = 1 })
    end
    streams[segment.name] = stream
    rows[index] = stream.row .. ':' .. segment.keptFrom .. ':' .. segment.keptTo
    if isPlaced then
      local from, to = stream.held, stream.held + segment.to - segment.from
      rows[index] = table.concat({ stream.row, n(from), n(to), stream.mark }, ':')
      stream.held = to
      stream.mark = segment.toMark
      putStream(keys, segment.name, stream)
      count(keys, stream.channel, { positions = to - from })
    end
  end
  entry.streams = table.concat(rows, ' ')
end

-- topic, bytes that the topic and the store may have here, milliseconds that keys are kept, key, token of this call, generation that its
-- streams are of, entry
local function tryPublish(keys, args)
  local meta, no = enter(keys, args)
  if no then return no end
  local generation, name = meta.generation, args[3]
  local topic = topicOf(keys, name)
  if not topic then return { generation, 'TOPIC' } end
  local key, token = args[7], args[8]
  -- The same call again, of which nobody knew whether it was done.
  if not call('ZSCORE', keys[TRIES], token) then
    local busy = busyReason(keys, FIXED, meta, topic, tonumber(args[4]), tonumber(args[5]))
    if busy then return { generation, 'busy', busy } end
    local entry = entryOf(keys, args, 10)
    -- Where the store went back meanwhile their positions would be given a second time, and be taken for records that it lost.
    if entry.format == 'b' and tonumber(args[9]) ~= generation then return { generation, 'earlier' } end
    if entry.bodyKey and call('EXISTS', entry.bodyKey) == 0 then return { generation, 'BODIES' } end
    if not findStreams(keys, entry) then return { generation, 'STREAMS' } end
    if key ~= '' then
      key = name .. '\n' .. key
      local usedMs = call('ZSCORE', keys[KEPT], key)
      if usedMs and tonumber(usedMs) > meta.nowMs - args[6] then
        writeAgain(keys)
        return { generation, 'duplicate' }
      end
      call('ZADD', keys[KEPT], n(meta.nowMs), key)
    end
    call('ZADD', keys[TRIES], n(meta.nowMs), token)
    placeEntry(keys, entry)
    insert(keys, FIXED, meta, topic, entry)
    putTopic(keys, meta, topic)
    leave(keys, meta)
  else
    writeAgain(keys)
  end
  return { generation, 'stored', topic.last, pendingOf(keys, FIXED, topic), meta.bytes, meta.memory }
end

local function publish(keys, args)
  local answer = tryPublish(keys, args)
  if answer[2] ~= 'stored' then dropBody(bodyKeyOf(keys, args[17], args[20])) end
  return answer
end

-- topic, after, entries, bytes, whether bodies are wanted. Answers with sequence, sums, details and body of each.
local function read(keys, args)
  local meta, no = enter(keys, args)
  if no then return no end
  local answer = { meta.generation, 'read' }
  local topic = topicOf(keys, args[3])
  if not topic then return answer end
  local after = math.max(tonumber(args[4]), topic.first - 1)
  local most, bytesMax, bodies = tonumber(args[5]), tonumber(args[6]), args[7] == '1'
  local bytes, fields, sums = 0, {}, {}
  while after + #fields < topic.last and #fields < most do
    local part = {}
    local begin = after + #fields
    for sequence = begin + 1, math.min(topic.last, begin + 100, after + most) do part[#part + 1] = n(sequence) end
    local texts = many(keys[FIXED + SUMS], part)
    for index = 1, #part do
      if bodies then
        bytes = bytes + tonumber(string.match(texts[index], '^%S+ %S+ %S+ %S+ (%S+)'))
        if bytes > bytesMax and #fields > 0 then most = 0 break end
      end
      fields[#fields + 1] = part[index]
      sums[#sums + 1] = texts[index]
    end
  end
  local details = many(keys[FIXED + DETAILS], fields)
  local found = bodies and many(keys[FIXED + BODIES], fields)
  for index = 1, #fields do
    local at = #answer
    answer[at + 1] = fields[index]
    answer[at + 2] = sums[index]
    answer[at + 3] = details[index]
    answer[at + 4] = found and found[index] or ''
  end
  return answer
end

-- topic, after, how many. Answers with the first sequence, then received and inflated bytes of each.
local function measure(keys, args)
  local meta, no = enter(keys, args)
  if no then return no end
  local answer = { meta.generation, 'read', 0 }
  local topic = topicOf(keys, args[3])
  if not topic then return answer end
  local after = math.max(tonumber(args[4]), topic.first - 1)
  answer[3] = after + 1
  local fields = {}
  for sequence = after + 1, math.min(topic.last, after + args[5]) do fields[#fields + 1] = n(sequence) end
  local texts = many(keys[FIXED + SUMS], fields)
  for index = 1, #texts do
    local receivedMs, inflated = string.match(texts[index], '^(%S+) %S+ %S+ (%S+)')
    answer[#answer + 1] = tonumber(receivedMs)
    answer[#answer + 1] = tonumber(inflated)
  end
  return answer
end
`;
