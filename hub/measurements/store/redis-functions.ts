/**
 * What was measured, in the Redis of a site. Each agent's is in the partition that its streams are in; docs/STORAGE.md tells what each key holds. What
 * writes something new is refused when Redis is short of memory; what drops something is not.
 */
import type { FunctionLibrary } from '../../queue/redis/masters/function-library.ts';

/** Raised with every change of the code below: hubs of two versions use one Redis while a site is upgraded. */
export const measurementsLibrary: FunctionLibrary = {
  name: 'tributary_measured_1',
  code: String.raw`#!lua name=tributary_measured_1
-- keys: chunk, index, due; args: run_id, member of the index, start, time of expiry, score of due or '', then subject and bytes of each
local function write(keys, args)
  for at = 6, #args, 2 do
    redis.call('HSET', keys[1], args[at], args[at + 1])
    if args[5] ~= '' then redis.call('ZADD', keys[3], args[5], args[5] .. ' ' .. args[at]) end
  end
  redis.call('PEXPIREAT', keys[1], args[4])
  redis.call('ZADD', keys[2], args[3], args[2])
  return 1
end

-- keys: chunks; args: run_id, subject
local function read(keys, args)
  local found = {}
  for at, key in ipairs(keys) do found[at] = redis.call('HGET', key, args[2]) end
  return found
end

-- keys: due; args: run_id, before, limit
local function due(keys, args)
  return redis.call('ZRANGEBYSCORE', keys[1], '-inf', '(' .. args[2], 'LIMIT', 0, args[3])
end

-- keys: due; args: run_id, members
local function rolled(keys, args)
  for at = 2, #args do redis.call('ZREM', keys[1], args[at]) end
  return 1
end

-- keys: events; args: run_id, how many are kept, time to live, texts
local function tell(keys, args)
  for at = 4, #args do redis.call('LPUSH', keys[1], args[at]) end
  redis.call('LTRIM', keys[1], 0, args[2] - 1)
  redis.call('PEXPIRE', keys[1], args[3])
  return 1
end

-- keys: states; args: run_id, agent and text of each
local function put(keys, args)
  for at = 2, #args, 2 do redis.call('HSET', keys[1], args[at], args[at + 1]) end
  return 1
end

-- keys: states; args: run_id
local function states(keys)
  return redis.call('HGETALL', keys[1])
end

-- keys: states; args: run_id, before
local function forget(keys, args)
  local all = redis.call('HGETALL', keys[1])
  for at = 1, #all, 2 do
    if tonumber(string.match(all[at + 1], '^%d+') or '0') < tonumber(args[2]) then redis.call('HDEL', keys[1], all[at]) end
  end
  return 1
end

-- keys: index; args: run_id
local function list(keys)
  return redis.call('ZRANGE', keys[1], 0, -1)
end

-- keys: chunks; args: run_id. Bytes of each, 0 of one that is gone
local function weigh(keys)
  local found = {}
  for at, key in ipairs(keys) do found[at] = redis.call('MEMORY', 'USAGE', key, 'SAMPLES', '20') or 0 end
  return found
end

-- keys: index, chunks; args: run_id, members of the index in the order of the chunks
local function drop(keys, args)
  for at = 2, #keys do
    redis.call('DEL', keys[at])
    redis.call('ZREM', keys[1], args[at])
  end
  return 1
end

redis.register_function{ function_name = 'tm1_write', callback = write }
redis.register_function{ function_name = 'tm1_read', callback = read, flags = { 'no-writes' } }
redis.register_function{ function_name = 'tm1_due', callback = due, flags = { 'no-writes' } }
redis.register_function{ function_name = 'tm1_rolled', callback = rolled, flags = { 'allow-oom' } }
redis.register_function{ function_name = 'tm1_tell', callback = tell }
redis.register_function{ function_name = 'tm1_put', callback = put }
redis.register_function{ function_name = 'tm1_states', callback = states, flags = { 'no-writes' } }
redis.register_function{ function_name = 'tm1_forget', callback = forget, flags = { 'allow-oom' } }
redis.register_function{ function_name = 'tm1_list', callback = list, flags = { 'no-writes' } }
redis.register_function{ function_name = 'tm1_weigh', callback = weigh, flags = { 'no-writes' } }
redis.register_function{ function_name = 'tm1_drop', callback = drop, flags = { 'allow-oom' } }
`,
};
