/** Bringing entries into topics: batches with their positions (invariant 3: check and append are one function), and what has none. */
export const appendFunctions = String.raw`
-- What was left out behind a position, as drops in "offset:span:records,…". The records of a drop that begins before it were counted
-- when they came first.
local function filteredBehind(from, drops, position)
  local filtered, records, before = 0, 0, 0
  for offset, span, dropped in string.gmatch(drops, '(%d+):(%d+):(%d+)') do
    span = tonumber(span)
    local begin = from + offset + before
    before = before + span
    if begin + span > position then
      filtered = filtered + begin + span - math.max(begin, position)
      if begin >= position then records = records + dropped end
    end
  end
  return filtered, records
end

-- Why a segment that goes beyond what is held cannot come; nothing: it can.
local function refusal(segment, from, stream)
  if from > stream.held then return 'ahead' end
  if segment.from ~= stream.held or segment.fromMark == stream.mark then return nil end
  local unknown = segment.fromMark == '' or stream.mark == ''
  if unknown and stream.held == stream.start then return nil end
  return 'mark'
end

local function take(segment, from, to, stream)
  stream.duplicates = stream.duplicates + math.max(0, math.min(stream.held, to) - from)
  if to <= stream.held then return end
  local filtered, records = filteredBehind(segment.from, segment.drops, math.max(from, stream.held))
  stream.filtered = stream.filtered + filtered
  stream.filteredRecords = stream.filteredRecords + records
  stream.taken = stream.taken + to - stream.held
  stream.held = to
  stream.mark = segment.toMark
end

-- Streams of several segments are taken in the order of the segments.
local function checkPositions(segments, trimmed)
  local trims = {}
  local isNew = false
  for index, segment in ipairs(segments) do
    local stream = segment.stream
    local trim = trimmed[index - 1]
    local from, to = segment.from, segment.to
    if trim then
      from = math.max(from, trim.from)
      to = math.min(to, trim.to)
    end
    local reason = to > stream.held and refusal(segment, from, stream)
    if reason then return reason, index end
    local begins = math.min(math.max(from, stream.held), to)
    if begins > segment.from or to < segment.to then trims[#trims + 1] = n(index - 1) .. ' ' .. n(begins) .. ' ' .. n(to) end
    if to > begins then isNew = true end
    take(segment, from, to, stream)
  end
  return nil, nil, isNew, table.concat(trims, ';')
end

local SEGMENT_FIELDS = 6

local function segmentsOf(keys, args, first, count)
  local segments, names = {}, {}
  for index = 1, count do
    local at = first + (index - 1) * SEGMENT_FIELDS
    names[index] = args[at]
    segments[index] = {
      name = args[at], from = tonumber(args[at + 1]), to = tonumber(args[at + 2]), fromMark = args[at + 3], toMark = args[at + 4],
      drops = args[at + 5],
    }
  end
  local texts = many(keys[POS], names)
  local streams = {}
  for index, segment in ipairs(segments) do
    local stream = streams[segment.name]
    if not stream and texts[index] then
      stream = streamOf(texts[index])
      stream.duplicates, stream.filtered, stream.filteredRecords, stream.taken = 0, 0, 0, 0
      streams[segment.name] = stream
    end
    segment.stream = stream
  end
  return segments, streams, texts
end

local function busyReason(keys, at, meta, topic, topicBytesMax, storeBytesMax)
  if meta.bytes >= storeBytesMax then return 'store' end
  if pendingOf(keys, at, topic) >= topicBytesMax then return 'topic' end
  return nil
end

-- channel, topic, bytes that the topic and the store may have here, records, inflated, created, checksum, bytes, ref, rest,
-- number of segments, number of trims, segments (name, from, to, fromMark, toMark, drops), trims (segment, from, to), body
local function append(keys, args)
  local meta, no = enter(keys, args)
  if no then return no end
  local generation, channel = meta.generation, args[3]
  local segmentCount, trimCount = tonumber(args[14]), tonumber(args[15])
  local segments, streams, texts = segmentsOf(keys, args, 16, segmentCount)
  for index, segment in ipairs(segments) do
    if not segment.stream then return { generation, 'absent', index - 1 } end
    if segment.stream.channel ~= channel then return { generation, 'changed', index - 1, segment.stream.channel } end
  end
  local trimmed = {}
  local trimsAt = 16 + segmentCount * SEGMENT_FIELDS
  for index = 0, trimCount - 1 do
    local at = trimsAt + index * 3
    trimmed[tonumber(args[at])] = { from = tonumber(args[at + 1]), to = tonumber(args[at + 2]) }
  end
  local reason, refused, isNew, trims = checkPositions(segments, trimmed)
  if reason then
    -- The stream as the store has it: what earlier segments of this batch moved is not kept.
    local before = streamOf(texts[refused])
    return { generation, reason, refused - 1, before.held, before.mark }
  end
  local at = FIXED
  local topic
  if isNew then
    topic = topicOf(keys, args[4])
    if not topic then return { generation, 'TOPIC' } end
    local busy = busyReason(keys, at, meta, topic, tonumber(args[5]), tonumber(args[6]))
    if busy then return { generation, 'busy', busy } end
    local rows = {}
    for index, segment in ipairs(segments) do rows[index] = segment.stream.row end
    insert(keys, at, meta, topic, {
      format = 'b', records = tonumber(args[7]), inflated = args[8], createdMs = args[9], checksum = args[10],
      bodyBytes = tonumber(args[11]), ref = args[12], rest = args[13], body = args[trimsAt + trimCount * 3],
      streams = table.concat(rows, ' '), trims = trims,
    })
    putTopic(keys, meta, topic)
    leave(keys, meta)
  end
  local changes = { duplicates = 0, filtered = 0, filteredRecords = 0, positions = 0 }
  for name, stream in pairs(streams) do
    changes.duplicates = changes.duplicates + stream.duplicates
    changes.filtered = changes.filtered + stream.filtered
    changes.filteredRecords = changes.filteredRecords + stream.filteredRecords
    changes.positions = changes.positions + stream.taken
    if stream.taken > 0 then putStream(keys, name, stream) end
  end
  count(keys, channel, changes)
  if not isNew then return { generation, 'duplicate' } end
  return { generation, 'stored', topic.last, pendingOf(keys, at, topic), meta.bytes, meta.memory }
end
`;
