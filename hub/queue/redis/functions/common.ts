/**
 * What the functions share: the layout of the rows, and entering a partition. docs/STORAGE.md tells what each key holds.
 *
 * Rows are texts with spaces between their fields: they are read a million times and looked at by people. Numbers are whole and below
 * 2^53, which Lua's numbers hold exactly; `%.0f` writes them without an exponent.
 *
 * Every function is called with the partition's keys in one order (keys.ts), then with those of the topics it is about, and its
 * arguments begin with the `run_id` of the server and the offset of the clock. It answers with the partition's generation and a word.
 */
import { keptUnread } from '../../queue.ts';

export const commonFunctions = String.raw`
local META, POS, INFO, GAPS, CHAN, TOPICS, TOUCHED = 1, 2, 3, 4, 5, 6, 7
local KEPT, TRIES, DEAD, PLANS, OBJECTS, SPILLS, ARCHIVED, ATTEMPTS, OWNED = 8, 9, 10, 11, 12, 13, 14, 15, 16
local FIXED = 16
-- Of a topic: groups, sums, details, bodies, passed marks, beginnings of groups.
local GROUPS, SUMS, DETAILS, BODIES, PASSED, BEGINNINGS = 1, 2, 3, 4, 5, 6
local PER_TOPIC = 6
local SAFE = 9007199254740991
-- Redis has no calls while a library is loaded, so this is looked up when it is used.
local function call(...)
  return redis.call(...)
end

local function n(value)
  return string.format('%.0f', value)
end

local function clock(offset)
  local now = call('TIME')
  return now[1] * 1000 + math.floor(now[2] / 1000) + offset
end

-- Undefined, and what to answer, where the server is not the one that the partition was last verified on, or was a replica since.
local function enter(keys, args)
  local row = call('HMGET', keys[META], 'master', 'generation', 'lastMs', 'bytes', 'memory', 'changes')
  if row[1] ~= masterOf(args[1]) then return nil, { 0, 'MASTER' } end
  return {
    generation = tonumber(row[2]),
    lastMs = tonumber(row[3]),
    bytes = tonumber(row[4]),
    memory = tonumber(row[5]),
    changes = tonumber(row[6]),
    nowMs = clock(tonumber(args[2])),
  }
end

local function leave(keys, meta)
  call('HSET', keys[META], 'lastMs', n(meta.lastMs), 'bytes', n(meta.bytes), 'memory', n(meta.memory), 'changes', n(meta.changes))
end

-- HMGET of any number of fields.
local function many(key, fields)
  local count = #fields
  if count <= 1000 then
    if count == 0 then return {} end
    return call('HMGET', key, unpack(fields))
  end
  local all = {}
  for first = 1, count, 1000 do
    local part = call('HMGET', key, unpack(fields, first, math.min(first + 999, count)))
    for index = 1, #part do all[#all + 1] = part[index] end
  end
  return all
end

local function split(text, pattern)
  local fields = {}
  for field in string.gmatch(text, pattern) do fields[#fields + 1] = field end
  return fields
end

local STREAM = '^(%S+) (%S+) (%S+) (%S+) (%S+) (%S+) (%S+) (%S+) (%S+) (%S+)$'

local function streamOf(text)
  local row, start, held, mark, archived, reached, awaited, closed, gaps, channel = string.match(text, STREAM)
  if mark == '-' then mark = '' end
  return {
    row = row, start = tonumber(start), held = tonumber(held), mark = mark, archived = tonumber(archived), reached = tonumber(reached),
    awaited = awaited, closed = closed, gaps = tonumber(gaps), channel = channel,
  }
end

local function putStream(keys, name, stream)
  local mark = stream.mark
  if mark == '' then mark = '-' end
  call('HSET', keys[POS], name, table.concat({
    stream.row, n(stream.start), n(stream.held), mark, n(stream.archived), n(stream.reached), stream.awaited, stream.closed,
    n(stream.gaps), stream.channel,
  }, ' '))
end

-- By whose it is: what its name begins with, and its row with zeros before it.
local function ownedMember(name, row)
  return string.match(name, '^.*/') .. string.format('%010.0f', tonumber(row))
end

local function newStream(keys, name, start, channel, info)
  local row = n(call('HINCRBY', keys[META], 'streams', 1))
  local stream = {
    row = row, start = start, held = start, mark = '', archived = start, reached = start, awaited = '-', closed = '-', gaps = 0,
    channel = channel,
  }
  call('HSET', keys[INFO], row, info)
  call('ZADD', keys[OWNED], 0, ownedMember(name, row))
  putStream(keys, name, stream)
  return stream
end

-- A peer that lies could have a sum grow without end: it stands still at what a number can say.
local CHANNEL_FIELDS = { 'streams', 'gaps', 'lost', 'duplicates', 'positions', 'late', 'filtered', 'filteredRecords' }

local function count(keys, channel, changes)
  local found = call('HGET', keys[CHAN], channel)
  local sums = found and split(found, '%S+') or { 0, 0, 0, 0, 0, 0, 0, 0 }
  for index, field in ipairs(CHANNEL_FIELDS) do
    sums[index] = n(math.min(SAFE, sums[index] + (changes[field] or 0)))
  end
  call('HSET', keys[CHAN], channel, table.concat(sums, ' '))
end

local function topicOf(keys, name)
  local text = call('HGET', keys[TOPICS], name)
  if not text then return nil end
  local first, last, records, bytes, trimmed = string.match(text, '^(%S+) (%S+) (%S+) (%S+) (%S+)$')
  return {
    name = name, first = tonumber(first), last = tonumber(last), records = tonumber(records), bytes = tonumber(bytes),
    trimmed = tonumber(trimmed),
  }
end

local function putTopic(keys, meta, topic)
  call('HSET', keys[TOPICS], topic.name, table.concat({
    n(topic.first), n(topic.last), n(topic.records), n(topic.bytes), n(topic.trimmed),
  }, ' '))
  meta.changes = meta.changes + 1
  call('ZADD', keys[TOUCHED], meta.changes, topic.name)
end

local function groupOf(text)
  local policy, ageMs, bytesMax, cursor, records, bytes, dropped, epoch, expiresMs, paused, try, owner =
    string.match(text, '^(%S+) (%S+) (%S+) (%S+) (%S+) (%S+) (%S+) (%S+) (%S+) (%S+) (%S+) (.*)$')
  return {
    policy = policy, ageMs = tonumber(ageMs), bytesMax = tonumber(bytesMax), cursor = tonumber(cursor), records = tonumber(records),
    bytes = tonumber(bytes), dropped = tonumber(dropped), epoch = tonumber(epoch), expiresMs = tonumber(expiresMs),
    paused = paused, try = try, owner = owner,
  }
end

local function putGroup(keys, at, name, group)
  call('HSET', keys[at + GROUPS], name, table.concat({
    group.policy, n(group.ageMs), n(group.bytesMax), n(group.cursor), n(group.records), n(group.bytes), n(group.dropped),
    n(group.epoch), n(group.expiresMs), group.paused, group.try, group.owner,
  }, ' '))
end

local function findGroup(keys, at, name)
  local text = call('HGET', keys[at + GROUPS], name)
  return text and groupOf(text)
end

-- Whoever had the group before changes nothing any more.
local function nextEpoch(meta, group, owner, expiresMs)
  group.epoch = math.max(group.epoch, meta.generation) + 1
  group.owner = owner
  group.expiresMs = expiresMs
end

-- A lease of an earlier generation is none.
local function holds(meta, group, epoch)
  return group.epoch == epoch and epoch > meta.generation
end

-- Platform events that no one registered for may go by their window; lines and what destinations refused may not. A back topic without
-- a reader had one.
local function keptUnread(topic)
  return string.sub(topic.name, 1, ${keptUnread.front.length}) == '${keptUnread.front}' or string.sub(topic.name, 1, ${keptUnread.dead.length}) == '${keptUnread.dead}'
end

-- What blocking groups have left to read. A topic that nobody reads yet is kept whole: its reader may register a moment later.
local function pendingOf(keys, at, topic)
  local texts = call('HVALS', keys[at + GROUPS])
  if #texts == 0 then return keptUnread(topic) and topic.bytes - topic.trimmed or 0 end
  local passed
  for index = 1, #texts do
    local policy, bytes = string.match(texts[index], '^(%S+) %S+ %S+ %S+ %S+ (%S+)')
    if policy == 'b' then
      bytes = tonumber(bytes)
      if not passed or bytes < passed then passed = bytes end
    end
  end
  return passed and topic.bytes - passed or 0
end

local SUM = '^(%S+) %S+ (%S+) %S+ (%S+) (%S+) (%S+) %S+ %S+ (%S+)'

-- Where the body is: - with the other small ones, =id under a key of its own, otherwise spilled. It begins with + once a dead letter has it,
-- too.
local function sumsOf(text)
  local receivedMs, records, bodyBytes, recordsThrough, bytesThrough, ref = string.match(text, SUM)
  return {
    receivedMs = tonumber(receivedMs), records = tonumber(records), bodyBytes = tonumber(bodyBytes),
    recordsThrough = tonumber(recordsThrough), bytesThrough = tonumber(bytesThrough), ref = ref,
  }
end

local function sumsAt(keys, at, sequence)
  local text = call('HGET', keys[at + SUMS], n(sequence))
  return text and sumsOf(text)
end

-- Of the entries after a sequence, in their order.
local function sumsAfter(keys, at, after, last, most)
  local fields = {}
  for sequence = after + 1, math.min(last, after + most) do fields[#fields + 1] = n(sequence) end
  local texts = many(keys[at + SUMS], fields)
  local found = {}
  for index = 1, #texts do
    found[index] = sumsOf(texts[index])
    found[index].sequence = after + index
  end
  return found
end

-- A body of some size has a key of its own, which is put before the call and goes by itself unless it is kept: bytes that pass through
-- Lua cost far more than all else. Its place is the number of its key.
local function bodyKeyOf(keys, ref, place)
  if string.sub(ref, 1, 1) ~= '=' then return nil end
  return keys[tonumber(place)]
end

-- One that an entry has already stays: the same call was made before.
local function dropBody(key)
  if key and call('PTTL', key) >= 0 then call('UNLINK', key) end
end

-- Stores an entry; the caller puts topic and meta.
local function insert(keys, at, meta, topic, entry)
  topic.last = topic.last + 1
  topic.records = topic.records + entry.records
  topic.bytes = topic.bytes + entry.bodyBytes
  meta.lastMs = math.max(meta.lastMs, meta.nowMs)
  meta.bytes = meta.bytes + entry.bodyBytes
  local field = n(topic.last)
  local ref = entry.ref
  if ref == '' then
    ref = '-'
    meta.memory = meta.memory + entry.bodyBytes
    call('HSET', keys[at + BODIES], field, entry.body)
  elseif entry.bodyKey then
    meta.memory = meta.memory + entry.bodyBytes
    call('PERSIST', entry.bodyKey)
  else
    call('SADD', keys[SPILLS], ref)
  end
  call('HSET', keys[at + SUMS], field, table.concat({
    n(meta.lastMs), entry.createdMs, n(entry.records), entry.inflated, n(entry.bodyBytes), n(topic.records), n(topic.bytes),
    entry.format, entry.checksum, ref, entry.length,
  }, ' '))
  call('HSET', keys[at + DETAILS], field, entry.streams .. '\n' .. entry.trims .. '\n' .. entry.rest)
end

local function gapField(row, position)
  return string.format('%010.0f:%016.0f:', tonumber(row), position)
end

-- The position behind the gaps that begin at a position of a stream; the position itself where none does.
local function behindGaps(keys, stream, position)
  if stream.gaps == 0 then return position end
  while true do
    local from = gapField(stream.row, position)
    local found = call('ZRANGEBYLEX', keys[GAPS], '[' .. from, '(' .. from .. ';', 'LIMIT', 0, 1)[1]
    if not found then return position end
    position = tonumber(string.sub(found, 29, 44))
  end
end

local function gapOf(member)
  return { member = member, from = tonumber(string.sub(member, 12, 27)), to = tonumber(string.sub(member, 29, 44)), tail = string.sub(member, 45) }
end

local function addGap(keys, stream, from, to, tail)
  call('ZADD', keys[GAPS], 0, gapField(stream.row, from) .. string.format('%016.0f', to) .. tail)
  stream.gaps = stream.gaps + 1
end

-- Gaps that overlap a range, in the order of their positions. They do not overlap each other: one that begins before it is the last of
-- those at most.
local function gapsWithin(keys, stream, range)
  local row = string.format('%010.0f', tonumber(stream.row))
  local from = gapField(stream.row, range.from)
  local found = {}
  local before = call('ZREVRANGEBYLEX', keys[GAPS], '(' .. from, '[' .. row .. ':', 'LIMIT', 0, 1)[1]
  if before then
    local gap = gapOf(before)
    if gap.to > range.from then found[1] = gap end
  end
  for _, member in ipairs(call('ZRANGEBYLEX', keys[GAPS], '[' .. from, '(' .. gapField(stream.row, range.to))) do
    found[#found + 1] = gapOf(member)
  end
  return found
end

-- Late parts that the archive has not had yet, as "from-to,from-to,…" in their order, or "-": it reads in the order of the topic, where
-- they stand behind what follows them in the stream, and until it had them its position must not claim them.
local AWAITED_MAX = 64

local function awaitedRanges(text)
  local ranges = {}
  for from, to in string.gmatch(text, '(%d+)-(%d+)') do ranges[#ranges + 1] = { from = tonumber(from), to = tonumber(to) } end
  return ranges
end

local function awaitedText(ranges)
  if #ranges == 0 then return '-' end
  local texts = {}
  for index, range in ipairs(ranges) do texts[index] = n(range.from) .. '-' .. n(range.to) end
  return table.concat(texts, ',')
end

local function awaiting(text, range)
  local ranges = awaitedRanges(text)
  ranges[#ranges + 1] = range
  table.sort(ranges, function(left, right) return left.from < right.from end)
  local count = #ranges
  if count > AWAITED_MAX then
    ranges[count - 1].to = ranges[count].to
    ranges[count] = nil
  end
  return awaitedText(ranges)
end

local function awaitingWithout(text, had)
  if text == '-' then return text end
  local left = {}
  for _, range in ipairs(awaitedRanges(text)) do
    if range.from < math.min(range.to, had.from) then left[#left + 1] = { from = range.from, to = math.min(range.to, had.from) } end
    if math.max(range.from, had.to) < range.to then left[#left + 1] = { from = math.max(range.from, had.to), to = range.to } end
  end
  return awaitedText(left)
end

local function firstAwaited(text)
  local from = string.match(text, '^%d+')
  return from and tonumber(from)
end

-- What was lost came after all: it is taken out of its gaps.
local function fillGaps(keys, stream, range, changes)
  for _, gap in ipairs(gapsWithin(keys, stream, range)) do
    call('ZREM', keys[GAPS], gap.member)
    stream.gaps = stream.gaps - 1
    changes.gaps = changes.gaps - 1
    if gap.from < range.from then
      addGap(keys, stream, gap.from, range.from, gap.tail)
      changes.gaps = changes.gaps + 1
    end
    if gap.to > range.to then
      addGap(keys, stream, range.to, gap.to, gap.tail)
      changes.gaps = changes.gaps + 1
    end
    local filled = math.min(gap.to, range.to) - math.max(gap.from, range.from)
    changes.late = changes.late + filled
    changes.lost = changes.lost - filled
  end
  -- The archive waits for it where it has not stepped over it yet.
  if range.from >= stream.archived then stream.awaited = awaiting(stream.awaited, range) end
end

-- The archive has had a range of a stream, or never will: how far it reached, and what it still awaits before that.
local function archivedTo(keys, stream, reached, awaited)
  stream.reached, stream.awaited = reached, awaited
  local most = math.min(stream.held, firstAwaited(awaited) or stream.held)
  stream.archived = behindGaps(keys, stream, math.max(stream.archived, math.min(reached, most)))
end

-- Of an entry: the rows of its streams and what of each is kept.
local function placesOf(keys, at, sequence)
  local details = call('HGET', keys[at + DETAILS], n(sequence))
  local places = {}
  for row, from, to in string.gmatch(string.match(details, '^[^\n]*'), '(%d+):(%d+):(%d+)') do
    places[#places + 1] = { row = row, from = tonumber(from), to = tonumber(to) }
  end
  return places
end

local function nameOf(info)
  local key = cjson.decode(string.match(info, '^[^\n]*')).key
  return key.siteId .. '/' .. key.agentId .. '/' .. key.streamId
end

local function nameOfRow(keys, row)
  return nameOf(call('HGET', keys[INFO], row))
end

-- Documents may go to another type's topic: where the archive is with that tells nothing of their stream.
local function isOwnTopic(topic, stream)
  return string.sub(topic, 1, 5) ~= 'back/' or topic == 'back/' .. stream.channel
end

-- Entries that the archive passes by, or never gets. A late part among them is not awaited any more.
local function setAside(keys, at, topic, after, to, isArchive)
  for sequence = after + 1, to do
    for _, place in ipairs(placesOf(keys, at, sequence)) do
      local name = nameOfRow(keys, place.row)
      local stream = streamOf(call('HGET', keys[POS], name))
      if place.from < place.to and isOwnTopic(topic, stream) and (isArchive or stream.awaited ~= '-') then
        local reached = isArchive and math.max(stream.reached, place.to) or stream.reached
        archivedTo(keys, stream, reached, awaitingWithout(stream.awaited, place))
        putStream(keys, name, stream)
      end
    end
  end
end
`;
