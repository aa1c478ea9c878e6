/**
 * Lua that says whether a lock is held, for every library whose functions write under one: the question and the write are one step. Needs
 * `call`, `nowMs` and `masterOf` (master-history.ts) before it, and the keys `cluster` and `cluster:lock:…` (functions.ts), which are in the
 * slot of the site's other keys.
 */
import { siteKeys } from '../../queue/redis/masters/masters.ts';

export const lockFunctions = String.raw`
-- A lock that was given before the master changed is none.
local function isLocked(site, row, now)
  if not row[1] or tonumber(row[2]) <= now then return false end
  return tonumber(row[1]) > tonumber(call('HGET', site, 'incarnation') or '0') * 4294967296
end

-- Whether the lock is held with this token now.
local function isHeldWith(token, site, key, run_id)
  if call('HGET', site, 'master') ~= masterOf(run_id) then return false end
  local row = call('HMGET', key, 'token', 'until')
  return row[1] == token and isLocked(site, row, nowMs())
end
`;

/** Begins the keys of members and locks; by itself it is the key of what the site has of them. */
export function clusterKey(prefix: string): string {
  return `${siteKeys(prefix)}cluster`;
}

/** What a function that asks for a lock is given. */
export function lockKeys(prefix: string, name: string): readonly [site: string, lock: string] {
  const site = clusterKey(prefix);
  return [site, `${site}:lock:${name}`];
}
