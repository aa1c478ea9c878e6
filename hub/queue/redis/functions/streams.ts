/** Opening and closing streams, and declaring what will never come. */
export const streamFunctions = String.raw`
-- What is found to be done is told as durable, so it needs a write of its own: Redis from 7.2 on waits for the replicas of a connection's last
-- write, and what was done may have come by another connection.
local function writeAgain(keys)
  call('HINCRBY', keys[META], 'repeats', 1)
end

-- name, channel, start, what never changes, identity, whether it may be made: 1, 0, or ? where its topic is not registered
local function openStream(keys, args)
  local meta, no = enter(keys, args)
  if no then return no end
  local name, channel, start, fixed, identity, may = args[3], args[4], tonumber(args[5]), args[6], args[7], args[8]
  local text = call('HGET', keys[POS], name)
  if not text then
    if may == '?' then return { meta.generation, 'TOPIC' } end
    if may ~= '1' then return { meta.generation, 'absent' } end
    local made = newStream(keys, name, start, channel, fixed .. '\n' .. identity)
    count(keys, channel, { streams = 1 })
    return { meta.generation, 'new', made.held, '', made.archived }
  end
  local stream = streamOf(text)
  if stream.channel ~= channel then return { meta.generation, 'changed', stream.channel } end
  local info = call('HGET', keys[INFO], stream.row)
  local cut = string.find(info, '\n', 1, true)
  local moved = 0
  if string.sub(info, cut + 1) ~= identity then
    call('HSET', keys[INFO], stream.row, string.sub(info, 1, cut) .. identity)
    call('HINCRBY', keys[META], 'identities', 1)
    moved = 1
  end
  writeAgain(keys)
  return { meta.generation, 'found', stream.held, stream.mark, stream.archived, moved }
end

-- name, position
local function closeStream(keys, args)
  local meta, no = enter(keys, args)
  if no then return no end
  local text = call('HGET', keys[POS], args[3])
  if text then
    local stream = streamOf(text)
    -- When it was closed there first. Without a time: by a version that did not tell.
    if string.match(stream.closed, '^(%d+)@') ~= args[4] then
      stream.closed = args[4] .. '@' .. n(meta.nowMs)
      putStream(keys, args[3], stream)
    else
      writeAgain(keys)
    end
  end
  return { meta.generation, 'done' }
end

-- name, from, to, mark, cause
local function recordGap(keys, args)
  local meta, no = enter(keys, args)
  if no then return no end
  local name, from, to, mark, cause = args[3], tonumber(args[4]), tonumber(args[5]), args[6], args[7]
  local text = call('HGET', keys[POS], name)
  if not text then return { meta.generation, 'absent' } end
  local stream = streamOf(text)
  local lost = 0
  if from <= stream.held and to > stream.held then
    lost = to - stream.held
    addGap(keys, stream, stream.held, to, ':' .. cause .. ':' .. n(meta.nowMs))
    stream.held = to
    stream.mark = mark
    -- What never comes is never archived: the archive's position steps over it once it stands there.
    stream.archived = behindGaps(keys, stream, stream.archived)
    putStream(keys, name, stream)
    count(keys, stream.channel, { gaps = 1, lost = lost, positions = lost })
  else
    writeAgain(keys)
  end
  return { meta.generation, 'done', stream.held, stream.mark, stream.archived, lost }
end

-- beginning of the names, the last that is known, how many of the newest are wanted, how many at a time. Answers with name, row and
-- description of each.
local function streamsOf(keys, args)
  local meta, no = enter(keys, args)
  if no then return no end
  local from, to, skipped = '[' .. args[3], '(' .. args[3] .. ':', 0
  if args[4] ~= '' then from = '(' .. args[4]
  else skipped = math.max(0, call('ZLEXCOUNT', keys[OWNED], from, to) - args[5]) end
  local rows, names = {}, {}
  local members = call('ZRANGEBYLEX', keys[OWNED], from, to, 'LIMIT', n(skipped), args[6])
  for index, member in ipairs(members) do rows[index] = n(tonumber(string.sub(member, #args[3] + 1))) end
  local infos = many(keys[INFO], rows)
  for index, info in ipairs(infos) do names[index] = nameOf(info) end
  local streams = many(keys[POS], names)
  local answer = { meta.generation, 'read' }
  for index, member in ipairs(members) do
    answer[#answer + 1] = member
    answer[#answer + 1] = streams[index]
    answer[#answer + 1] = infos[index]
  end
  return answer
end

-- row after which it begins, how many. Answers with the last row that was looked at, or nothing where there are no more, then row, name and
-- position of each stream.
local function knownStreams(keys, args)
  local meta, no = enter(keys, args)
  if no then return no end
  local first, last = tonumber(args[3]) + 1, tonumber(call('HGET', keys[META], 'streams'))
  local rows, names, at = {}, {}, {}
  for row = first, math.min(last, first + args[4] - 1) do rows[#rows + 1] = n(row) end
  local infos = many(keys[INFO], rows)
  for index, row in ipairs(rows) do
    if infos[index] then
      names[#names + 1] = nameOf(infos[index])
      at[#at + 1] = row
    end
  end
  local streams = many(keys[POS], names)
  local answer = { meta.generation, 'read', first + #rows - 1 < last and rows[#rows] or '' }
  for index, row in ipairs(at) do
    if streams[index] then
      answer[#answer + 1] = row
      answer[#answer + 1] = names[index]
      answer[#answer + 1] = streams[index]
    end
  end
  return answer
end

-- a time, names. Forgets those that are closed where they are held, and were before that time. The sums of their channels stay.
local function forgetStreams(keys, args)
  local meta, no = enter(keys, args)
  if no then return no end
  local forgotten = 0
  for index = 4, #args do
    local text = call('HGET', keys[POS], args[index])
    local stream = text and streamOf(text)
    local position, atMs = string.match(stream and stream.closed or '', '^(%d+)@(%d+)$')
    if position and tonumber(position) == stream.held and tonumber(atMs) < tonumber(args[3]) then
      call('HDEL', keys[POS], args[index])
      call('HDEL', keys[INFO], stream.row)
      call('ZREM', keys[OWNED], ownedMember(args[index], stream.row))
      local row = string.format('%010.0f', tonumber(stream.row))
      call('ZREMRANGEBYLEX', keys[GAPS], '[' .. row .. ':', '(' .. row .. ';')
      count(keys, stream.channel, { streams = -1 })
      forgotten = forgotten + 1
    end
  end
  return { meta.generation, 'done', forgotten }
end

-- rows. Answers with what describes each; nothing where there is none.
local function describe(keys, args)
  local meta, no = enter(keys, args)
  if no then return no end
  local rows = {}
  for index = 3, #args do rows[#rows + 1] = args[index] end
  return { meta.generation, 'read', unpack(many(keys[INFO], rows)) }
end

-- the last that is known, how many. Answers with the gaps of all streams behind it.
local function scanGaps(keys, args)
  local meta, no = enter(keys, args)
  if no then return no end
  local from = args[3] == '' and '-' or '(' .. args[3]
  return { meta.generation, 'read', unpack(call('ZRANGEBYLEX', keys[GAPS], from, '+', 'LIMIT', 0, args[4])) }
end

-- name, the last that is known, how many. Answers with gaps of one stream, in the order of their positions.
local function gapsOf(keys, args)
  local meta, no = enter(keys, args)
  if no then return no end
  local text = call('HGET', keys[POS], args[3])
  if not text then return { meta.generation, 'read' } end
  local row = string.format('%010.0f', tonumber(streamOf(text).row))
  local from = args[4] == '' and '[' .. row .. ':' or '(' .. args[4]
  return { meta.generation, 'read', unpack(call('ZRANGEBYLEX', keys[GAPS], from, '(' .. row .. ';', 'LIMIT', 0, args[5])) }
end
`;
