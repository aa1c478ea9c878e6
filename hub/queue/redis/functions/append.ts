/** Bringing entries into topics: batches with their positions (invariant 3: check and append are one function), and what has none. */
export const appendFunctions = String.raw`
-- What was left out of a range, as drops in "offset:span:records,…". The records of a drop that begins before it were counted when they
-- came first.
local function filteredWithin(from, drops, range)
  local filtered, records, before = 0, 0, 0
  for offset, span, dropped in string.gmatch(drops, '(%d+):(%d+):(%d+)') do
    span = tonumber(span)
    local begin = from + offset + before
    before = before + span
    filtered = filtered + math.max(0, math.min(begin + span, range.to) - math.max(begin, range.from))
    if begin >= range.from and begin < range.to then records = records + dropped end
  end
  return filtered, records
end

-- What earlier hops left of a segment.
local function keptOf(segment, trim)
  if not trim then return { from = segment.from, to = segment.to } end
  local to = segment.to
  if trim.to ~= 0 then to = math.min(trim.to, to) end
  return { from = math.min(math.max(segment.from, trim.from), to), to = to }
end

-- Why a segment that goes beyond what is held cannot come; nothing: it can.
local function refusal(segment, content, stream)
  if content.to <= stream.held then return nil end
  if content.from > stream.held then return 'ahead' end
  if segment.from ~= stream.held or stream.mark == '' then return nil end
  if segment.fromMark ~= stream.mark then return 'mark' end
  return nil
end

-- What is left of a range without those that were taken, which do not overlap each other.
local function without(range, taken)
  local left = range.from < range.to and { range } or {}
  for _, other in ipairs(taken) do
    local rest = {}
    for _, part in ipairs(left) do
      if part.from < math.min(part.to, other.from) then rest[#rest + 1] = { from = part.from, to = math.min(part.to, other.from) } end
      if math.max(part.from, other.to) < part.to then rest[#rest + 1] = { from = math.max(part.from, other.to), to = part.to } end
    end
    left = rest
  end
  return left
end

-- What was declared lost of the content and has not come by now; gaps that touch each other are one.
local function missing(keys, content, stream)
  local ranges = {}
  for _, gap in ipairs(gapsWithin(keys, stream, content)) do
    local range = { from = math.max(gap.from, content.from), to = math.min(gap.to, content.to) }
    for _, left in ipairs(without(range, stream.late)) do
      local before = ranges[#ranges]
      if before and before.to == left.from then ranges[#ranges] = { from = before.from, to = left.to }
      else ranges[#ranges + 1] = left end
    end
  end
  return ranges
end

-- Of each segment one range: what goes beyond what is held, with the gap that ends there if there is one; otherwise the longest range of
-- gaps that it fills.
local function wanted(content, held, late)
  if content.to > held then
    local from = math.max(content.from, held)
    for _, range in ipairs(late) do
      if range.to == from then return { from = range.from, to = content.to } end
    end
    return { from = from, to = content.to }
  end
  local longest = { from = content.to, to = content.to }
  for _, range in ipairs(late) do
    if range.to - range.from > longest.to - longest.from then longest = range end
  end
  return longest
end

local function take(segment, content, kept, stream)
  stream.duplicates = stream.duplicates + (content.to - content.from) - (kept.to - kept.from)
  if kept.from >= kept.to then return end
  local filtered, records = filteredWithin(segment.from, segment.drops, kept)
  stream.filtered = stream.filtered + filtered
  stream.filteredRecords = stream.filteredRecords + records
  local filledTo = math.min(kept.to, stream.held)
  if kept.from < filledTo then stream.late[#stream.late + 1] = { from = kept.from, to = filledTo } end
  if kept.to > stream.held then
    stream.taken = stream.taken + kept.to - stream.held
    stream.held = kept.to
    stream.mark = kept.to == segment.to and segment.toMark or ''
  end
end

-- The trim that leaves this range of a segment; nothing where that is all of it.
local function trimText(index, segment, kept)
  if kept.from >= kept.to then return index .. ' ' .. n(segment.to) .. ' 0' end
  if kept.from <= segment.from and kept.to >= segment.to then return nil end
  return index .. ' ' .. n(kept.from) .. ' ' .. (kept.to >= segment.to and '0' or n(kept.to))
end

-- As positions.ts: streams of several segments are taken in the order of the segments.
local function checkPositions(keys, segments, trimmed)
  local trims = {}
  local isNew = false
  for index, segment in ipairs(segments) do
    local stream = segment.stream
    local content = keptOf(segment, trimmed[index - 1])
    local reason = refusal(segment, content, stream)
    if reason then return reason, index end
    local late = {}
    if content.from < stream.held and stream.gaps > 0 then late = missing(keys, content, stream) end
    local kept = wanted(content, stream.held, late)
    segment.kept = kept
    trims[#trims + 1] = trimText(index - 1, segment, kept)
    take(segment, content, kept, stream)
    if kept.from < kept.to then isNew = true end
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
      stream.duplicates, stream.filtered, stream.filteredRecords, stream.taken, stream.late = 0, 0, 0, 0, {}
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

-- channel, topic, bytes that the topic and the store may have here, records, inflated, created, checksum, bytes, length, ref, rest,
-- number of segments, number of trims, segments (name, from, to, fromMark, toMark, drops), trims (segment, from, to), body
local function tryAppend(keys, args)
  local meta, no = enter(keys, args)
  if no then return no end
  local generation, channel = meta.generation, args[3]
  local segmentCount, trimCount = tonumber(args[15]), tonumber(args[16])
  local segments, streams, texts = segmentsOf(keys, args, 17, segmentCount)
  for index, segment in ipairs(segments) do
    if not segment.stream then return { generation, 'absent', index - 1 } end
    if segment.stream.channel ~= channel then return { generation, 'changed', index - 1, segment.stream.channel } end
  end
  -- Before the positions are looked at: what follows a batch that has to be sent again must not be refused for it.
  local topic = topicOf(keys, args[4])
  if not topic then return { generation, 'TOPIC' } end
  local trimmed = {}
  local trimsAt = 17 + segmentCount * SEGMENT_FIELDS
  for index = 0, trimCount - 1 do
    local at = trimsAt + index * 3
    trimmed[tonumber(args[at])] = { from = tonumber(args[at + 1]), to = tonumber(args[at + 2]) }
  end
  local reason, refused, isNew, trims = checkPositions(keys, segments, trimmed)
  if reason then
    -- The stream as the store has it: what earlier segments of this batch moved is not kept.
    local before = streamOf(texts[refused])
    return { generation, reason, refused - 1, before.held, before.mark }
  end
  local at = FIXED
  if isNew then
    local busy = busyReason(keys, at, meta, topic, tonumber(args[5]), tonumber(args[6]))
    if busy then return { generation, 'busy', busy } end
    local body = args[trimsAt + trimCount * 3]
    local bodyKey = bodyKeyOf(keys, args[13], body)
    if bodyKey and call('EXISTS', bodyKey) == 0 then return { generation, 'BODIES' } end
    local rows = {}
    for index, segment in ipairs(segments) do
      rows[index] = segment.stream.row .. ':' .. n(segment.kept.from) .. ':' .. n(segment.kept.to)
    end
    insert(keys, at, meta, topic, {
      format = 'b', records = tonumber(args[7]), inflated = args[8], createdMs = args[9], checksum = args[10],
      bodyBytes = tonumber(args[11]), length = args[12], ref = args[13], rest = args[14], body = body,
      bodyKey = bodyKey,
      streams = table.concat(rows, ' '), trims = trims,
    })
    putTopic(keys, meta, topic)
    leave(keys, meta)
  end
  local changes = { duplicates = 0, filtered = 0, filteredRecords = 0, positions = 0, late = 0, lost = 0, gaps = 0 }
  for name, stream in pairs(streams) do
    changes.duplicates = changes.duplicates + stream.duplicates
    changes.filtered = changes.filtered + stream.filtered
    changes.filteredRecords = changes.filteredRecords + stream.filteredRecords
    changes.positions = changes.positions + stream.taken
    for _, range in ipairs(stream.late) do fillGaps(keys, stream, range, changes) end
    if stream.taken > 0 or #stream.late > 0 then putStream(keys, name, stream) end
  end
  count(keys, channel, changes)
  if not isNew then return { generation, 'duplicate' } end
  return { generation, 'stored', topic.last, pendingOf(keys, at, topic), meta.bytes, meta.memory }
end

local function append(keys, args)
  local answer = tryAppend(keys, args)
  if answer[2] ~= 'stored' then dropBody(bodyKeyOf(keys, args[13], args[#args])) end
  return answer
end
`;
