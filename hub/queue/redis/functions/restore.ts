/** Rows of the archive's index that came back from the manifests of its objects. */
export const restoreFunctions = String.raw`
local function putBack(keys, row, sums)
  addObject(keys, row, sums)
  local records, channel = string.match(sums, '^(%d+) %d+ %d+ (.+)$')
  call('HINCRBY', keys[ARCHIVED], 'restored ' .. channel, records)
end

-- topic, group, epoch, token of this call, rows and their sums. The caller knows which ones are missing: under its lease nobody else adds any.
local function restoreArchived(keys, args)
  local meta, no = enter(keys, args)
  if no then return no end
  local group = findGroup(keys, FIXED, args[4])
  if not group then return { meta.generation, 'absent' } end
  if not holds(meta, group, tonumber(args[5])) then return { meta.generation, 'fenced' } end
  -- The same call again, of which nobody knew whether it was done.
  if group.try == args[6] then
    writeAgain(keys)
    return { meta.generation, 'done' }
  end
  group.try = args[6]
  putGroup(keys, FIXED, args[4], group)
  for index = 7, #args, 2 do putBack(keys, args[index], args[index + 1]) end
  return { meta.generation, 'done' }
end

-- rows and their sums. Answers with how many were not there: a row that is there is the very same, as it was made of the same object.
local function addArchived(keys, args)
  local meta, no = enter(keys, args)
  if no then return no end
  local added = 0
  for index = 3, #args, 2 do
    if not call('LPOS', keys[OBJECTS], args[index]) then
      putBack(keys, args[index], args[index + 1])
      added = added + 1
    end
  end
  if added == 0 then writeAgain(keys) end
  return { meta.generation, 'done', added }
end

-- rows and their sums. They stand near the beginning of the list, as the oldest ones go.
local function removeArchived(keys, args)
  local meta, no = enter(keys, args)
  if no then return no end
  local removed = 0
  for index = 3, #args, 2 do
    if call('LREM', keys[OBJECTS], 1, args[index]) == 1 then
      local records, raw, bytes, channel = string.match(args[index + 1], '^(%d+) (%d+) (%d+) (.+)$')
      call('HINCRBY', keys[ARCHIVED], 'objects ' .. channel, -1)
      call('HINCRBY', keys[ARCHIVED], 'records ' .. channel, -records)
      call('HINCRBY', keys[ARCHIVED], 'rawBytes ' .. channel, -raw)
      call('HINCRBY', keys[ARCHIVED], 'objectBytes ' .. channel, -bytes)
      call('HINCRBY', keys[ARCHIVED], 'removed ' .. channel, records)
      removed = removed + 1
    end
  end
  if removed == 0 then writeAgain(keys) end
  return { meta.generation, 'done', removed }
end
`;
