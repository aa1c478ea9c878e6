/** Taking entries out, moving expiring groups, forgetting keys; what polls and figures ask; and taking a changed master for the partition's. */
export const upkeepFunctions = String.raw`
-- Entries of one topic that one step deletes.
local STEP = 128
-- The replay window is exact to this part of it.
local WINDOW_PARTS = 30
-- How long a call may be repeated of which nobody knows whether it was done.
local TRIES_MS = 600000

-- What lies beyond the group's age or bytes is skipped, and counted.
local function expire(keys, meta, topic, name, group)
  local found = sumsAfter(keys, FIXED, group.cursor, topic.last, STEP)
  local last
  for _, entry in ipairs(found) do
    local isOld = entry.receivedMs < meta.nowMs - group.ageMs
    if isOld or topic.bytes - entry.bytesThrough + entry.bodyBytes > group.bytesMax then last = entry end
  end
  if not last then return false, false end
  group.dropped = group.dropped + last.recordsThrough - group.records
  group.cursor, group.records, group.bytes = last.sequence, last.recordsThrough, last.bytesThrough
  putGroup(keys, FIXED, name, group)
  return true, last == found[#found] and #found == STEP
end

-- Up to where all groups have passed; nothing where nothing may go.
local function passedThrough(topic, groups)
  local sequence, bytes
  for _, group in pairs(groups) do
    if not sequence or group.cursor < sequence then sequence = group.cursor end
    if not bytes or group.bytes < bytes then bytes = group.bytes end
  end
  if sequence then return sequence, bytes end
  if keptUnread(topic) then return nil end
  return topic.last, topic.bytes
end

-- Sequence up to which the replay window is over; keeps the marks that tell.
local function replayedThrough(keys, meta, passed, windowMs)
  if windowMs == 0 then return passed end
  local key = keys[FIXED + PASSED]
  local newest = call('ZREVRANGEBYSCORE', key, n(meta.nowMs), '-inf', 'WITHSCORES', 'LIMIT', 0, 1)
  local isDue = not newest[1] or tonumber(newest[2]) + windowMs / WINDOW_PARTS <= meta.nowMs
  if isDue and tonumber(newest[1] or 0) < passed then call('ZADD', key, n(meta.nowMs), n(passed)) end
  local over = call('ZREVRANGEBYSCORE', key, n(meta.nowMs - windowMs), '-inf', 'WITHSCORES', 'LIMIT', 0, 1)
  if not over[1] then return 0 end
  call('ZREMRANGEBYSCORE', key, '-inf', '(' .. over[2])
  return tonumber(over[1])
end

local function readGroups(keys, at)
  local groups = {}
  local rows = call('HGETALL', keys[at + GROUPS])
  for index = 1, #rows, 2 do groups[rows[index]] = groupOf(rows[index + 1]) end
  return groups
end

-- Entries that go, from the first on: those whose bodies have no key of their own, or one that the caller named. Answers with the last of
-- them, what was spilled of them, and the keys that the caller has to name for the others.
local function takeOut(keys, args, meta, found, last)
  local named = {}
  for index = 6, #args do named[args[index]] = keys[FIXED + PER_TOPIC + index - 5] end
  local fields, spilled, wanted, taken = {}, {}, {}, nil
  for _, entry in ipairs(found) do
    if entry.sequence > last.sequence then break end
    local kind = string.sub(entry.ref, 1, 1)
    local key = kind == '=' and named[entry.ref]
    if kind == '=' and not key then wanted[#wanted + 1] = entry.ref end
    if #wanted == 0 then
      taken = entry
      fields[#fields + 1] = n(entry.sequence)
      if key then call('UNLINK', key) end
      if kind == '-' or kind == '=' then meta.memory = meta.memory - entry.bodyBytes
      elseif kind ~= '+' then spilled[#spilled + 1] = entry.ref
      elseif string.sub(entry.ref, 2, 2) == '=' then meta.memory = meta.memory - entry.bodyBytes end
    end
  end
  if taken then
    for _, part in ipairs({ SUMS, DETAILS, BODIES }) do call('HDEL', keys[FIXED + part], unpack(fields)) end
  end
  if #spilled > 0 then call('SREM', keys[SPILLS], unpack(spilled)) end
  return taken, spilled, wanted
end

-- topic, milliseconds of the replay window, bytes that passed entries may take, bodies whose keys are given. Answers whether there is more
-- to do now (1), later as something is kept (2), or nothing, as nothing is (0), the topic's level, what was spilled of the entries that went, and the bodies whose keys are to be given with the next call.
local function trim(keys, args)
  local meta, no = enter(keys, args)
  if no then return no end
  local topic = topicOf(keys, args[3])
  if not topic then return { meta.generation, 'none' } end
  local groups = readGroups(keys, FIXED)
  local moved, more, refs, wanted = false, false, {}, {}
  for name, group in pairs(groups) do
    if group.policy == 'x' then
      local didMove, hasMore = expire(keys, meta, topic, name, group)
      moved, more = moved or didMove, more or hasMore
    end
  end
  local passed, passedBytes = passedThrough(topic, groups)
  if passed then
    local windowOver = replayedThrough(keys, meta, passed, tonumber(args[4]))
    local found = sumsAfter(keys, FIXED, topic.first - 1, topic.last, STEP)
    local last
    for _, entry in ipairs(found) do
      local isOver = entry.sequence <= windowOver or passedBytes - entry.bytesThrough >= tonumber(args[5])
      if entry.sequence <= passed and isOver then last = entry end
    end
    local taken
    if last then taken, refs, wanted = takeOut(keys, args, meta, found, last) end
    if taken then
      meta.bytes = meta.bytes - (taken.bytesThrough - topic.trimmed)
      topic.first, topic.trimmed = taken.sequence + 1, taken.bytesThrough
      moved = true
    end
    more = more or (last ~= nil and last == found[#found] and #found == STEP) or #wanted > 0
  end
  if moved then
    putTopic(keys, meta, topic)
    leave(keys, meta)
  end
  local answer = {
    meta.generation, 'done', more and 1 or topic.first > topic.last and 0 or 2, topic.last, pendingOf(keys, FIXED, topic), meta.bytes, meta.memory,
  }
  for _, ref in ipairs(refs) do answer[#answer + 1] = ref end
  for _, ref in ipairs(wanted) do answer[#answer + 1] = ref end
  return answer
end

-- names. Answers with those that an entry of this partition has.
local function knownSpilled(keys, args)
  local meta, no = enter(keys, args)
  if no then return no end
  local answer = { meta.generation, 'read' }
  for index = 3, #args do
    if call('SISMEMBER', keys[SPILLS], args[index]) == 1 then answer[#answer + 1] = args[index] end
  end
  return answer
end

-- milliseconds that keys are kept
local function tidy(keys, args)
  local meta, no = enter(keys, args)
  if no then return no end
  call('ZREMRANGEBYSCORE', keys[KEPT], '-inf', n(meta.nowMs - args[3]))
  call('ZREMRANGEBYSCORE', keys[TRIES], '-inf', n(meta.nowMs - TRIES_MS))
  return { meta.generation, 'done' }
end

-- While the store was away nobody could send again. One that comes back when all keys would be forgotten remembers those that it knew
-- as it went for their time once more.
local function cameBack(keys, nowMs, keepMs)
  local newest = call('ZREVRANGE', keys[KEPT], 0, 0, 'WITHSCORES')
  if not newest[1] or tonumber(newest[2]) > nowMs - keepMs then return end
  for _, key in ipairs(call('ZRANGEBYSCORE', keys[KEPT], '(' .. n(newest[2] - keepMs), '+inf')) do
    call('ZADD', keys[KEPT], n(nowMs), key)
  end
end

-- milliseconds that keys are kept, a number that was drawn, whether a hub begins. Takes this server for the partition's master: what an
-- earlier one gave out (leases) has ended.
local function recover(keys, args)
  local row = call('HMGET', keys[META], 'master', 'incarnation', 'generation')
  local nowMs = clock(tonumber(args[2]))
  local incarnation, generation = tonumber(row[2] or 0), tonumber(row[3] or 0)
  local master = masterOf(args[1])
  local isChanged = row[1] ~= master
  if isChanged then
    incarnation = incarnation + 1
    generation = incarnation * 4294967296 + tonumber(args[4])
    call('HSET', keys[META], 'master', master, 'incarnation', n(incarnation), 'generation', n(generation), 'groupsDue', '1')
    for _, field in ipairs({ 'lastMs', 'bytes', 'memory', 'changes', 'registry', 'identities', 'deadLetters', 'streams' }) do
      call('HSETNX', keys[META], field, '0')
    end
  end
  if isChanged or args[5] == '1' then cameBack(keys, nowMs, tonumber(args[3])) end
  return { generation, 'done', isChanged and 1 or 0 }
end

-- A master that went back may lack groups that were made lately: those of the register were made again now.
local function groupsDone(keys, args)
  local meta, no = enter(keys, args)
  if no then return no end
  call('HSET', keys[META], 'groupsDue', '0')
  return { meta.generation, 'done' }
end

-- the change that is known. Answers with the sums of the partition, whether its groups are due to be made again, then the names of the
-- topics that changed since.
local function poll(keys, args)
  local meta, no = enter(keys, args)
  if no then return no end
  local row = call('HMGET', keys[META], 'identities', 'groupsDue')
  local answer = {
    meta.generation, 'done', meta.changes, meta.bytes, meta.memory, tonumber(row[1]), tonumber(row[2]),
  }
  if tonumber(args[3]) ~= meta.changes then
    for _, name in ipairs(call('ZRANGEBYSCORE', keys[TOUCHED], '(' .. args[3], '+inf')) do
      answer[#answer + 1] = name
    end
  end
  return answer
end

-- names of topics whose keys are given. Answers with last and pending of each; -1 where there is none.
local function levels(keys, args)
  local meta, no = enter(keys, args)
  if no then return no end
  local answer = { meta.generation, 'done' }
  for index = 3, #args do
    local topic = topicOf(keys, args[index])
    answer[#answer + 1] = topic and topic.last or -1
    answer[#answer + 1] = topic and pendingOf(keys, FIXED + PER_TOPIC * (index - 3), topic) or -1
  end
  return answer
end

-- Answers with the rows of topics and channels.
local function figures(keys, args)
  local meta, no = enter(keys, args)
  if no then return no end
  local deadLetters = tonumber(call('HGET', keys[META], 'deadLetters')) - tonumber(call('HGET', keys[META], 'deadGone') or 0)
  return { meta.generation, 'done', deadLetters, call('HGETALL', keys[TOPICS]), call('HGETALL', keys[CHAN]), call('HGETALL', keys[ARCHIVED]) }
end

-- topic. Answers with its row, what is summed up of the archive, all of the same moment, and its groups: name, row, and when the oldest entry that it has not passed was received, or -1.
local function groupFigures(keys, args)
  local meta, no = enter(keys, args)
  if no then return no end
  local answer = { meta.generation, 'done', call('HGET', keys[TOPICS], args[3]), call('HGETALL', keys[ARCHIVED]) }
  for name, group in pairs(readGroups(keys, FIXED)) do
    local oldest = sumsAt(keys, FIXED, group.cursor + 1)
    answer[#answer + 1] = name
    answer[#answer + 1] = call('HGET', keys[FIXED + GROUPS], name)
    answer[#answer + 1] = oldest and oldest.receivedMs or -1
  end
  return answer
end

-- first, last (from 0). Answers with rows of the archive's index.
local function readObjects(keys, args)
  local meta, no = enter(keys, args)
  if no then return no end
  return { meta.generation, 'read', unpack(call('LRANGE', keys[OBJECTS], args[3], args[4])) }
end

-- topic, group
local function currentPlan(keys, args)
  local meta, no = enter(keys, args)
  if no then return no end
  local found = planOf(keys, args[3], args[4])
  return { meta.generation, 'read', found and found.text or '' }
end
`;
