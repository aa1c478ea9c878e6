/**
 * Entries that were set aside (keepDeadLetter in commit.ts): listed, put into their topic again, dropped.
 *
 * The bodies of some are kept elsewhere, and a dead entry shares them with the entry itself while that is in its topic, and with what
 * other groups set aside of it. How many dead entries have such a body is counted beside them, `ref:<reference>`: who goes last takes it
 * along, unless the entry is still there: then that has it alone again.
 */
export const deadEntryFunctions = String.raw`
local function deadFields(number)
  return number .. ':header', number .. ':sums', number .. ':details', number .. ':body'
end

-- The number before the first that is there.
local function deadBefore(keys)
  return tonumber(call('HGET', keys[META], 'deadBefore') or 0)
end

-- last that is known, how many. Answers with number, header and sums of each, and up to which number it has looked.
local function deadEntries(keys, args)
  local meta, no = enter(keys, args)
  if no then return no end
  local last = tonumber(call('HGET', keys[META], 'deadLetters'))
  local number = math.max(tonumber(args[3]), deadBefore(keys))
  local answer = { meta.generation, 'read', 0 }
  local looked = number
  while looked < last and looked < number + 1000 and #answer < 3 + 3 * tonumber(args[4]) do
    looked = looked + 1
    local name = n(looked)
    local header = call('HGET', keys[DEAD], name .. ':header')
    if header then
      answer[#answer + 1] = name
      answer[#answer + 1] = header
      answer[#answer + 1] = call('HGET', keys[DEAD], name .. ':sums')
    end
  end
  answer[3] = looked < last and n(looked) or ''
  return answer
end

local function plainRef(ref)
  return (string.gsub(ref, '^%+', ''))
end

-- Of what was set aside before they were counted nobody knows: its body stays.
local function isLastOf(keys, ref)
  if call('HGET', keys[DEAD], 'ref:' .. ref) ~= '1' then return false end
  call('HDEL', keys[DEAD], 'ref:' .. ref)
  return true
end

local function removeDead(keys, number)
  call('HDEL', keys[DEAD], deadFields(number))
  call('HINCRBY', keys[META], 'deadGone', 1)
  local before, last = deadBefore(keys), tonumber(call('HGET', keys[META], 'deadLetters'))
  local moved = 0
  while before < last and moved < 1000 and call('HEXISTS', keys[DEAD], n(before + 1) .. ':header') == 0 do
    before, moved = before + 1, moved + 1
  end
  call('HSET', keys[META], 'deadBefore', n(before))
end

-- number. Answers whether it is there, its header, and where its body is.
local function deadEntry(keys, args)
  local meta, no = enter(keys, args)
  if no then return no end
  local header, sums = unpack(call('HMGET', keys[DEAD], args[3] .. ':header', args[3] .. ':sums'))
  if not header then return { meta.generation, 'gone' } end
  return { meta.generation, 'read', header, plainRef(sumsOf(sums).ref) }
end

-- topic, number, bytes that its topic may have; the key of a body that has its own is given. Answers with the topic's level.
local function replayDeadEntry(keys, args)
  local meta, no = enter(keys, args)
  if no then return no end
  local number = args[4]
  local sums = call('HGET', keys[DEAD], number .. ':sums')
  if not sums then
    writeAgain(keys)
    return { meta.generation, 'gone' }
  end
  local topic = topicOf(keys, args[3])
  if not topic then return { meta.generation, 'TOPIC' } end
  if pendingOf(keys, FIXED, topic) >= tonumber(args[5]) then return { meta.generation, 'full' } end
  local all = split(sums, '%S+')
  local ref = plainRef(all[10])
  local streams, trims, rest = string.match(call('HGET', keys[DEAD], number .. ':details'), '^([^\n]*)\n([^\n]*)\n(.*)$')
  local entry = {
    createdMs = all[2], records = tonumber(all[3]), inflated = all[4], bodyBytes = tonumber(all[5]), format = all[8], checksum = all[9],
    length = all[11], streams = streams, trims = trims, rest = rest, ref = ref,
  }
  if ref == '-' then
    entry.ref = ''
    entry.body = call('HGET', keys[DEAD], number .. ':body')
  elseif string.sub(ref, 1, 1) == '=' then
    entry.bodyKey = keys[FIXED + PER_TOPIC + 1]
  end
  insert(keys, FIXED, meta, topic, entry)
  -- Another dead entry has the body, too: it stays for good, as who goes last does not hear of it.
  if ref ~= '-' and not isLastOf(keys, ref) then
    call('HDEL', keys[DEAD], 'ref:' .. ref)
    local own = split(call('HGET', keys[FIXED + SUMS], n(topic.last)), '%S+')
    own[10] = '+' .. ref
    call('HSET', keys[FIXED + SUMS], n(topic.last), table.concat(own, ' '))
  end
  removeDead(keys, number)
  putTopic(keys, meta, topic)
  leave(keys, meta)
  return { meta.generation, 'done', topic.last, pendingOf(keys, FIXED, topic), meta.bytes, meta.memory }
end

-- topic, number; the key of a body that has its own is given. Answers whether it was there.
local function dropDeadEntry(keys, args)
  local meta, no = enter(keys, args)
  if no then return no end
  local number = args[4]
  local header, sums = unpack(call('HMGET', keys[DEAD], number .. ':header', number .. ':sums'))
  if not header then
    writeAgain(keys)
    return { meta.generation, 'gone' }
  end
  local ref = plainRef(sumsOf(sums).ref)
  if ref ~= '-' and not isLastOf(keys, ref) then
    if call('HGET', keys[DEAD], 'ref:' .. ref) then call('HINCRBY', keys[DEAD], 'ref:' .. ref, -1) end
  elseif ref ~= '-' then
    local field = cjson.decode(header)[3]
    local entry = call('HGET', keys[FIXED + SUMS], field)
    local own = entry and split(entry, '%S+')
    if own and plainRef(own[10]) == ref then
      own[10] = ref
      call('HSET', keys[FIXED + SUMS], field, table.concat(own, ' '))
    elseif string.sub(ref, 1, 1) == '=' then
      call('UNLINK', keys[FIXED + PER_TOPIC + 1])
    else
      -- The sweep finds that nobody has it.
      call('SREM', keys[SPILLS], ref)
    end
  end
  removeDead(keys, number)
  return { meta.generation, 'done' }
end
`;
