/**
 * The site's register of topics and their groups, under keys of their own slot: what a partition makes a topic from when its first entry
 * comes. A change raises the version; partitions remember the greatest that they were told of, and make no topic from an older one.
 *
 * Keys: the site's facts, the topics (name → lines of groups).
 */
export const siteFunctions = String.raw`
local SITE, NAMES = 1, 2

-- store id, number of partitions, id of the spill store or nothing: kept where there are none yet. Answers with what is kept.
local function openSite(keys, args)
  call('HSETNX', keys[SITE], 'storeId', args[2])
  call('HSETNX', keys[SITE], 'partitions', args[3])
  call('HSETNX', keys[SITE], 'registry', '1')
  if args[4] ~= '' then call('HSETNX', keys[SITE], 'spill', args[4]) end
  return { call('HGET', keys[SITE], 'storeId'), call('HGET', keys[SITE], 'partitions'), call('HGET', keys[SITE], 'spill') or '' }
end

local function groupsOf(text)
  local groups = {}
  for line in string.gmatch(text or '', '[^\n]+') do
    local name = string.match(line, '^(.*)\t[^\t]*$')
    groups[#groups + 1] = { name = name, line = line }
  end
  return groups
end

-- topic, beginning of the names that are counted, most of them (-1: not counted). Registers a topic.
local function addTopic(keys, args)
  if call('HEXISTS', keys[NAMES], args[2]) == 1 then return { 'known' } end
  local most = tonumber(args[4])
  if most >= 0 then
    local count = 0
    for _, name in ipairs(call('HKEYS', keys[NAMES])) do
      if string.sub(name, 1, #args[3]) == args[3] then count = count + 1 end
    end
    if count >= most then return { 'full' } end
  end
  call('HSET', keys[NAMES], args[2], '')
  return { 'added', call('HINCRBY', keys[SITE], 'registry', 1) }
end

-- topic, group, what it is (no tabs, no line ends; empty: it goes). Answers with the version.
local function putSiteGroup(keys, args)
  local lines, found = {}, false
  for _, group in ipairs(groupsOf(call('HGET', keys[NAMES], args[2]))) do
    if group.name ~= args[3] then lines[#lines + 1] = group.line end
  end
  if args[4] ~= '' then lines[#lines + 1] = args[3] .. '\t' .. args[4] end
  call('HSET', keys[NAMES], args[2], table.concat(lines, '\n'))
  return { 'done', call('HINCRBY', keys[SITE], 'registry', 1) }
end

-- version that is known. Answers with version and all rows where it is another one.
local function readSite(keys, args)
  local row = call('HMGET', keys[SITE], 'storeId', 'registry')
  if row[2] == args[2] then return { row[1], row[2] } end
  return { row[1] or '', row[2] or '0', call('HGETALL', keys[NAMES]) }
end
`;
