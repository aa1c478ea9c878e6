/**
 * The site's registry in Redis: one line of changes with a number each (`version`), in order and without holes.
 *
 * Keys, all with the site's hash tag: facts, log (a stream: `<version>-1` → id, schema, changeset), snapshot, who was seen when.
 *
 * - Only `append` adds a version, and only to the one that its caller has. The same id again is the same change. What is done under a lock
 *   comes with its token, and is refused in the same step when the lock is over.
 * - `branch` grows whenever the server is another than before, was made master anew, or had lost everything: what came after its last entry
 *   may be lost. Until `opens` nothing is added then; every hub whose copy is ahead puts it back (`restore`), the greatest wins. `end:<branch>` is the
 *   version at which a branch ended: whoever has more of that branch has something that the site gave up.
 */
import { createHash } from 'node:crypto';
import { lockFunctions } from '../../cluster/redis/lock-functions.ts';
import { masterHistory } from '../../queue/redis/masters/master-history.ts';
import type { FunctionLibrary } from '../../queue/redis/masters/open-masters.ts';

const body = String.raw`
${masterHistory}
local FACTS, LOG, SNAPSHOT, SEEN, CLUSTER, LOCK = 1, 2, 3, 4, 5, 6
local KEPT_ENDS = 1000

-- There is none yet while the library is loaded.
local function call(...)
  return redis.call(...)
end

local function n(value)
  return string.format('%.0f', value)
end

local function nowMs()
  local now = call('TIME')
  return now[1] * 1000 + math.floor(now[2] / 1000)
end
${lockFunctions}
local function facts(keys)
  local row = call('HMGET', keys[FACTS], 'lineage', 'branch', 'version', 'master', 'opens', 'since', 'bytes')
  if not row[1] then return nil end
  return {
    lineage = row[1], branch = tonumber(row[2]), version = tonumber(row[3]), master = row[4], opens = tonumber(row[5]),
    since = tonumber(row[6]), bytes = tonumber(row[7]),
  }
end

-- What a caller of this state may do; nil: all of it.
local function closed(found, runId)
  if not found then return { 'empty' } end
  if found.master ~= masterOf(runId) then return { 'master' } end
  local wait = found.opens - nowMs()
  if wait > 0 then return { 'recovering', found.lineage, found.branch, found.version, wait } end
  return nil
end

-- run id, version that the caller has, most entries
local function read(keys, args)
  local found = facts(keys)
  local no = closed(found, args[1])
  if no then return no end
  local ends = {}
  local all = call('HGETALL', keys[FACTS])
  for at = 1, #all, 2 do
    local branch = string.match(all[at], '^end:(%d+)$')
    if branch then ends[#ends + 1] = branch .. ' ' .. all[at + 1] end
  end
  local after = tonumber(args[2])
  local entries = {}
  if after < found.version then
    entries = call('XRANGE', keys[LOG], n(after + 1) .. '-1', '+', 'COUNT', tonumber(args[3]))
  end
  return { 'open', found.lineage, found.branch, found.version, table.concat(ends, '\n'), entries }
end

-- run id, lineage, branch, version that the caller has, id, schema, changeset, token of the lock that the keys name then
local function append(keys, args)
  local found = facts(keys)
  local no = closed(found, args[1])
  if no then return no end
  local expected = tonumber(args[4])
  if found.lineage ~= args[2] or found.branch ~= tonumber(args[3]) then return { 'other' } end
  local at = n(expected + 1) .. '-1'
  if found.version == expected then
    if args[8] and not isHeldWith(args[8], keys[CLUSTER], keys[LOCK], args[1]) then return { 'fenced' } end
    call('XADD', keys[LOG], at, 'id', args[5], 'schema', args[6], 'change', args[7])
    local bytes = found.bytes + #args[7]
    call('HSET', keys[FACTS], 'version', n(expected + 1), 'bytes', n(bytes))
    return { 'done', expected + 1 - found.since, bytes }
  end
  local there = call('XRANGE', keys[LOG], at, at)[1]
  if there and there[2][2] == args[5] then
    -- A write of its own: waiting for replicas on this connection then covers the write that is told of.
    call('HINCRBY', keys[FACTS], 'repeats', 1)
    return { 'done', found.version - found.since, found.bytes }
  end
  return { 'other' }
end

-- run id, lineage, branch, version. A write of its own: waiting for replicas on this connection then covers all up to that version.
local function confirm(keys, args)
  local found = facts(keys)
  local no = closed(found, args[1])
  if no then return no end
  if found.lineage ~= args[2] or found.branch ~= tonumber(args[3]) or found.version < tonumber(args[4]) then
    return { 'other' }
  end
  call('HINCRBY', keys[FACTS], 'repeats', 1)
  return { 'done' }
end

-- run id, recovery. The server is another one than was known: a new branch begins.
local function recover(keys, args)
  local found = facts(keys)
  if not found then return { 'empty' } end
  local master = masterOf(args[1])
  if found.master == master then return { 'known' } end
  call('HSET', keys[FACTS], 'master', master, 'branch', n(found.branch + 1), 'opens', n(nowMs() + tonumber(args[2])),
    'end:' .. n(found.branch), n(found.version))
  call('HDEL', keys[FACTS], 'end:' .. n(found.branch - KEPT_ENDS))
  return { 'recovered' }
end

-- run id, lineage, branch, version, recovery, snapshot, then the ends of branches before: branch, version, …
local function restore(keys, args)
  local found = facts(keys)
  local branch, version = tonumber(args[3]), tonumber(args[4])
  local opens = nowMs() + tonumber(args[5])
  local master = masterOf(args[1])
  if found then
    if found.lineage ~= args[2] then return { 'other', found.lineage } end
    if found.master ~= master then return { 'master' } end
    if nowMs() >= found.opens then return { 'late' } end
    local isAhead = branch > found.branch - 1 or (branch == found.branch - 1 and version > found.version)
    if not isAhead then return { 'behind' } end
    opens = found.opens
  end
  call('HSET', keys[FACTS], 'lineage', args[2], 'branch', n(branch + 1), 'version', n(version), 'master', master,
    'opens', n(opens), 'since', n(version), 'bytes', '0')
  for at = 7, #args, 2 do call('HSET', keys[FACTS], 'end:' .. args[at], args[at + 1]) end
  call('HSET', keys[FACTS], 'end:' .. n(branch), n(version))
  call('DEL', keys[LOG])
  call('SET', keys[SNAPSHOT], args[6])
  return { 'restored' }
end

-- run id, lineage, branch, version, entries that stay, snapshot
local function putSnapshot(keys, args)
  local found = facts(keys)
  local version = tonumber(args[4])
  if closed(found, args[1]) or found.lineage ~= args[2] or found.branch ~= tonumber(args[3]) or version <= found.since then
    return { 'no' }
  end
  call('SET', keys[SNAPSHOT], args[6])
  call('HSET', keys[FACTS], 'since', n(version), 'bytes', '0')
  call('XTRIM', keys[LOG], 'MINID', n(math.max(1, version - tonumber(args[5]) + 1)) .. '-0')
  return { 'done' }
end

-- run id
local function getSnapshot(keys, args)
  local found = facts(keys)
  local no = closed(found, args[1])
  if no then return no end
  return { 'open', found.lineage, found.branch, found.since, call('GET', keys[SNAPSHOT]) }
end

-- run id, then: name, time (0: it goes), …  Answers with all.
local function seen(keys, args)
  for at = 2, #args, 2 do
    local atMs = tonumber(args[at + 1])
    if atMs == 0 then
      call('HDEL', keys[SEEN], args[at])
    elseif atMs > tonumber(call('HGET', keys[SEEN], args[at]) or 0) then
      call('HSET', keys[SEEN], args[at], args[at + 1])
    end
  end
  return call('HGETALL', keys[SEEN])
end
`;

const functions = {
  read: "'no-writes', 'allow-oom'",
  append: '',
  confirm: "'allow-oom'",
  recover: "'allow-oom'",
  restore: "'allow-oom'",
  putSnapshot: "'allow-oom'",
  getSnapshot: "'no-writes', 'allow-oom'",
  seen: '',
} as const;

export type RegistryFunction = keyof typeof functions;

/** Another code has other names, so that hubs of two versions live together during an upgrade. */
const version = createHash('sha256').update(body).digest('hex').slice(0, 8);
const library = `tributary_registry_${version}`;

export function functionName(name: RegistryFunction): string {
  return `r${version}_${name}`;
}

export function changesNothing(name: RegistryFunction): boolean {
  return functions[name].includes('no-writes');
}

export const registryLibrary: FunctionLibrary = {
  name: library,
  code: [
    `#!lua name=${library}`,
    body,
    ...Object.entries(functions).map(
      ([name, flags]) =>
        `redis.register_function({ function_name = 'r${version}_${name}', callback = ${name}, flags = { ${flags} } })`,
    ),
  ].join('\n'),
};
