/**
 * The cluster's Redis Functions: the site's id, its members and its locks, all in the one slot of `siteKeys`. Every function is given
 * `cluster` first, and `run_id` as its first argument.
 *
 * | key              | holds                                                                                   |
 * | ---------------- | --------------------------------------------------------------------------------------- |
 * | `cluster`        | hash: `site_id` as set by the first hub; `master`, `incarnation`, `token`, `quiet`      |
 * | `cluster:hubs`   | hash: hub id → what it says of itself (JSON)                                            |
 * | `cluster:beats`  | hash: hub id → its last heartbeat, in milliseconds of Redis' clock                      |
 * | `cluster:lock:…` | hash: `owner`, `token`, `until`                                                         |
 *
 * Another master than the one known may have lost the end of what was written: no lock survives it, and its tokens are above all that
 * were given before (`incarnation * 2^32`). Members tell themselves again within a heartbeat.
 *
 * When nobody was heard for a while it was the store that was away: `quiet` is when it came back, and for `deadMs` from then on nobody
 * is taken for dead.
 */
import type { FunctionLibrary } from '../../queue/redis/masters/function-library.ts';
import { masterHistory } from '../../queue/redis/masters/master-history.ts';
import { lockFunctions } from './lock-functions.ts';

/** Raised with every change of the code below: hubs of two versions use one Redis while a site is upgraded. */
export const clusterLibrary: FunctionLibrary = {
  name: 'tributary_cluster_2',
  code: String.raw`#!lua name=tributary_cluster_2
${masterHistory}
local function call(...)
  return redis.call(...)
end

local function nowMs()
  local now = call('TIME')
  return now[1] * 1000 + math.floor(now[2] / 1000)
end

local function n(value)
  return string.format('%.0f', value)
end
${lockFunctions}
local function enter(site, run_id)
  local master = masterOf(run_id)
  if call('HGET', site, 'master') == master then return end
  local incarnation = call('HINCRBY', site, 'incarnation', 1)
  call('HSET', site, 'master', master, 'token', n(incarnation * 4294967296))
end

local function claim(keys, args)
  enter(keys[1], args[1])
  local isNew = call('HSETNX', keys[1], 'site_id', args[2])
  return { isNew, call('HGET', keys[1], 'site_id') }
end

local function beat(keys, args)
  local site, members, beats = keys[1], keys[2], keys[3]
  enter(site, args[1])
  local now, deadMs = nowMs(), tonumber(args[4])
  local all, newest = call('HGETALL', beats), 0
  for index = 2, #all, 2 do newest = math.max(newest, tonumber(all[index])) end
  local quiet = tonumber(call('HGET', site, 'quiet') or '0')
  if now - newest > deadMs / 2 then
    quiet = now
    call('HSET', site, 'quiet', n(now))
  end
  -- A clock that was set back would keep the dead.
  for index = 1, #all, 2 do
    local heard = tonumber(all[index + 1])
    if now - math.max(heard, quiet) > deadMs or heard > now + deadMs then
      call('HDEL', members, all[index])
      call('HDEL', beats, all[index])
    end
  end
  call('HSET', members, args[2], args[3])
  call('HSET', beats, args[2], n(now))
  return { n(now), call('HGETALL', members), call('HGETALL', beats) }
end

local function leave(keys, args)
  call('HDEL', keys[2], args[2])
  call('HDEL', keys[3], args[2])
  return 1
end

-- Token 0 asks for the lock, another one keeps it. Answers with the token, or 0.
local function lock(keys, args)
  local site, key, owner, token, ttl = keys[1], keys[2], args[2], args[3], tonumber(args[4])
  enter(site, args[1])
  local now = nowMs()
  local row = call('HMGET', key, 'token', 'until', 'owner')
  -- One that lasts longer than any is asked for was given by a clock that was set back since.
  local isHeld = isLocked(site, row, now) and tonumber(row[2]) <= now + 10 * ttl
  if token ~= '0' then
    if not isHeld or row[3] ~= owner or row[1] ~= token then return '0' end
  else
    if isHeld then return '0' end
    token = n(call('HINCRBY', site, 'token', 1))
  end
  call('HSET', key, 'owner', owner, 'token', token, 'until', n(now + ttl))
  return token
end

local function held(keys, args)
  return isHeldWith(args[2], keys[1], keys[2], args[1]) and 1 or 0
end

local function unlock(keys, args)
  if call('HGET', keys[2], 'token') == args[2] then call('DEL', keys[2]) end
  return 1
end

redis.register_function('tc2_claim', claim)
redis.register_function{ function_name = 'tc2_beat', callback = beat, flags = { 'allow-oom' } }
redis.register_function{ function_name = 'tc2_leave', callback = leave, flags = { 'allow-oom' } }
redis.register_function{ function_name = 'tc2_lock', callback = lock, flags = { 'allow-oom' } }
redis.register_function{ function_name = 'tc2_unlock', callback = unlock, flags = { 'allow-oom' } }
redis.register_function{ function_name = 'tc2_held', callback = held, flags = { 'no-writes' } }
`,
};
