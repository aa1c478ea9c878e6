/**
 * The notes of a day in one hash of the site: hub id → `day text`. What a new master has lost is written again, as its hub finds it missing
 * among what it reads.
 */
import type { Id } from '@tributary/protocol/messages.ts';
import type { DayNotes } from '../day-notes.ts';
import type { FunctionLibrary } from '../../queue/redis/masters/function-library.ts';
import { type Reply, siteKeys } from '../../queue/redis/masters/masters.ts';
import type { SiteMasters } from './site-store.ts';

/** Raised with every change of the code below: hubs of two versions use one Redis while a site is upgraded. */
export const dayLibrary: FunctionLibrary = {
  name: 'tributary_day_1',
  code: String.raw`#!lua name=tributary_day_1
-- run_id, day, hub, text
local function write(keys, args)
  local all = redis.call('HGETALL', keys[1])
  for index = 1, #all, 2 do
    local day = tonumber(string.match(all[index + 1], '^%d+') or '0')
    if day < tonumber(args[2]) then redis.call('HDEL', keys[1], all[index]) end
  end
  redis.call('HSET', keys[1], args[3], args[2] .. ' ' .. args[4])
  return redis.call('HGETALL', keys[1])
end

local function read(keys)
  return redis.call('HGETALL', keys[1])
end

redis.register_function{ function_name = 'td1_write', callback = write, flags = { 'allow-oom' } }
redis.register_function{ function_name = 'td1_read', callback = read, flags = { 'no-writes' } }
`,
};

export class SharedDayNotes implements DayNotes {
  readonly #masters: SiteMasters;
  readonly #hubId: Id;
  readonly #keys: readonly string[];

  constructor(masters: SiteMasters, hubId: Id, name: string) {
    this.#masters = masters;
    this.#hubId = hubId;
    this.#keys = [`${siteKeys(masters.prefix)}${name}`];
  }

  async read(day: number): Promise<ReadonlyMap<Id, string>> {
    return notesOf(await this.#masters.callSite({ name: 'td1_read', keys: this.#keys, args: [] }, { write: false }), day);
  }

  async write(day: number, text: string): Promise<ReadonlyMap<Id, string>> {
    const call = { name: 'td1_write', keys: this.#keys, args: [day, this.#hubId, text] };
    return notesOf(await this.#masters.callSite(call), day);
  }
}

function notesOf(reply: Reply, day: number): ReadonlyMap<Id, string> {
  const flat = Array.isArray(reply) ? reply.map(String) : [];
  const notes = new Map<Id, string>();
  for (let index = 0; index + 1 < flat.length; index += 2) {
    const [hubId = '', note = ''] = [flat[index], flat[index + 1]];
    const start = `${day} `;
    if (note.startsWith(start)) notes.set(hubId, note.slice(start.length));
  }
  return notes;
}
