/**
 * What the functions share: the layout of the rows, and entering a partition. docs/STORAGE.md tells what each key holds.
 *
 * Rows are texts with spaces between their fields: they are read a million times and looked at by people. Numbers are whole and below
 * 2^53, which Lua's numbers hold exactly; `%.0f` writes them without an exponent.
 *
 * Every function is called with the partition's keys in one order (keys.ts), then with those of the topics it is about, and its
 * arguments begin with the `run_id` of the server and the offset of the clock. It answers with the partition's generation and a word.
 */
export const commonFunctions = String.raw`
local META, POS, INFO, GAPS, CHAN, TOPICS, TOUCHED = 1, 2, 3, 4, 5, 6, 7
local KEPT, TRIES, DEAD, PLANS, OBJECTS, SPILLS = 8, 9, 10, 11, 12, 13
local FIXED = 13
-- Of a topic: groups, sums, details, bodies, passed marks, beginnings of groups.
local GROUPS, SUMS, DETAILS, BODIES, PASSED, BEGINNINGS = 1, 2, 3, 4, 5, 6
local PER_TOPIC = 6
local SAFE = 9007199254740991
local call = redis.call

local function n(value)
  return string.format('%.0f', value)
end

local function clock(offset)
  local now = call('TIME')
  return now[1] * 1000 + math.floor(now[2] / 1000) + offset
end

-- Undefined, and what to answer, where the server is not the one that the partition was last verified on.
local function enter(keys, args)
  local row = call('HMGET', keys[META], 'master', 'generation', 'lastMs', 'bytes', 'memory', 'changes')
  if row[1] ~= args[1] then return nil, { 0, 'MASTER' } end
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

local function streamOf(text)
  local row, start, held, mark, archived, closed, gaps, channel = string.match(text, '^(%S+) (%S+) (%S+) (%S+) (%S+) (%S+) (%S+) (%S+)$')
  if mark == '-' then mark = '' end
  return {
    row = row, start = tonumber(start), held = tonumber(held), mark = mark, archived = tonumber(archived),
    closed = closed, gaps = tonumber(gaps), channel = channel,
  }
end

local function putStream(keys, name, stream)
  local mark = stream.mark
  if mark == '' then mark = '-' end
  call('HSET', keys[POS], name, table.concat({
    stream.row, n(stream.start), n(stream.held), mark, n(stream.archived), stream.closed, n(stream.gaps), stream.channel,
  }, ' '))
end

local function newStream(keys, name, start, channel, info)
  local row = n(call('HINCRBY', keys[META], 'streams', 1))
  local stream = { row = row, start = start, held = start, mark = '', archived = start, closed = '-', gaps = 0, channel = channel }
  call('HSET', keys[INFO], row, info)
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

-- Platform events that no one registered for may go by their window; lines may not.
local function keptUnread(topic)
  return topic.name ~= 'platform'
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

local function sumsOf(text)
  local receivedMs, createdMs, records, inflated, bodyBytes, recordsThrough, bytesThrough, format, checksum, ref =
    string.match(text, '^(%S+) (%S+) (%S+) (%S+) (%S+) (%S+) (%S+) (%S+) (%S+) (%S+)$')
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
  else
    call('SADD', keys[SPILLS], ref)
  end
  call('HSET', keys[at + SUMS], field, table.concat({
    n(meta.lastMs), entry.createdMs, n(entry.records), entry.inflated, n(entry.bodyBytes), n(topic.records), n(topic.bytes),
    entry.format, entry.checksum, ref,
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
`;
