/** Rows of the archive's index that came back from the manifests of its objects. */
export const restoreFunctions = String.raw`
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
  for index = 7, #args, 2 do addObject(keys, args[index], args[index + 1]) end
  return { meta.generation, 'done' }
end
`;
