/**
 * A list that Beats append to, and the hub's own list beside it, through which every event goes:
 *
 *   take: LIST → {LIST}:tributary:SITE:HUB, with a marker before the events, in one step
 *   done: that list is removed, when what it holds is durable in the hub's queue
 *
 * What is in the hub's own list is taken again before anything else, under the same marker: the marker is the key under which it was published, so
 * that a hub that was killed in between publishes nothing twice. `{LIST}:tributary:SITE` names the hubs that have such a list, so that
 * another hub of the site can take over what a hub that is gone for good had taken.
 *
 * Steps are scripts, because Beats work with every Redis from 3.2 on, and LMOVE is of 6.2. They remove before they add: then they also work
 * while Redis has no memory left, which is what they make room in.
 */
import { assert } from '@tributary/shared/assert.ts';
import type { Reply } from '../../queue/redis/masters/masters.ts';
import { batchBytesMax, batchEventsMax } from './limits.ts';

/** Sends one command. Rejects where its answer is not known, or is an error. */
export interface RedisCommands {
  send(command: string, args: readonly (string | number)[]): Promise<Reply>;
}

export interface TakenBatch {
  /** The same as long as it is not done. */
  readonly marker: string;
  readonly events: readonly Buffer[];
}

const takeScript = `
if redis.call('EXISTS', KEYS[2]) == 0 then
  local items, count, bytes, isFull = {}, 0, 0, false
  while not isFull and count < tonumber(ARGV[2]) do
    local part = redis.call('LRANGE', KEYS[1], count, math.min(count + 100, tonumber(ARGV[2])) - 1)
    if #part == 0 then break end
    for _, item in ipairs(part) do
      bytes = bytes + #item
      isFull = count > 0 and bytes > tonumber(ARGV[3])
      if isFull then break end
      count = count + 1
      items[count] = item
    end
  end
  if count == 0 then return {} end
  redis.call('LTRIM', KEYS[1], count, -1)
  redis.call('RPUSH', KEYS[2], ARGV[1])
  for index = 1, count do redis.call('RPUSH', KEYS[2], items[index]) end
  redis.call('SADD', KEYS[3], ARGV[4])
end
return redis.call('LRANGE', KEYS[2], 0, -1)`;

const doneScript = `
if redis.call('LINDEX', KEYS[1], 0) ~= ARGV[1] then return 0 end
local aside = {}
for index = 2, #ARGV do aside[index - 1] = redis.call('LINDEX', KEYS[1], tonumber(ARGV[index])) end
redis.call('DEL', KEYS[1])
for index = 1, #aside do redis.call('RPUSH', KEYS[2], aside[index]) end
return 1`;

const adoptScript = `
if redis.call('EXISTS', KEYS[2]) == 1 then return 0 end
redis.call('SREM', KEYS[3], ARGV[1])
if redis.call('EXISTS', KEYS[1]) == 0 then return 0 end
redis.call('RENAME', KEYS[1], KEYS[2])
redis.call('SADD', KEYS[3], ARGV[2])
return 1`;

export interface RedisListParts {
  readonly list: string;
  readonly siteId: string;
  readonly hubId: string;
  readonly newMarker: () => string;
}

export class RedisList {
  readonly #parts: RedisListParts;
  readonly #site: string;

  constructor(parts: RedisListParts) {
    this.#parts = parts;
    // In a Cluster they are where the list is.
    const tagged = /\{[^}]+\}/.test(parts.list) ? parts.list : `{${parts.list}}`;
    this.#site = `${tagged}:tributary:${parts.siteId}`;
  }

  /** Where events are kept that no batch can hold. */
  get asideKey(): string {
    return `${this.#site}:too_large`;
  }

  /** Undefined where there is nothing. */
  async take(redis: RedisCommands): Promise<TakenBatch | undefined> {
    const { list, hubId, newMarker } = this.#parts;
    const args = [newMarker(), batchEventsMax, batchBytesMax, hubId];
    const [marker, ...events] = listOf(await evaluate(redis, takeScript, [list, this.#own(hubId), this.#site], args));
    if (marker === undefined) return undefined;
    assert(events.length > 0, 'a list is made with what is in it');
    return { marker: marker.toString('utf8'), events };
  }

  /** It is durable in the hub; `aside` are the places of events that are not, and are kept in Redis. */
  async done(redis: RedisCommands, { marker }: TakenBatch, aside: readonly number[]): Promise<void> {
    const places = aside.map((place) => place + 1);
    await evaluate(redis, doneScript, [this.#own(this.#parts.hubId), this.asideKey], [marker, ...places]);
  }

  /** Hubs that have, or had, a list of their own. */
  async hubs(redis: RedisCommands): Promise<string[]> {
    const members = listOf(await redis.send('SMEMBERS', [this.#site]));
    return members.map((member) => member.toString('utf8'));
  }

  /** What that hub had taken is this hub's from now on, and its next batch. Nothing changes while this hub has one. */
  async adopt(redis: RedisCommands, gone: string): Promise<boolean> {
    const { hubId } = this.#parts;
    return (await evaluate(redis, adoptScript, [this.#own(gone), this.#own(hubId), this.#site], [gone, hubId])) === 1;
  }

  #own(hubId: string): string {
    return `${this.#site}:${hubId}`;
  }
}

function evaluate(
  redis: RedisCommands,
  script: string,
  keys: readonly string[],
  args: readonly (string | number)[],
): Promise<Reply> {
  return redis.send('EVAL', [script, keys.length, ...keys, ...args]);
}

function listOf(reply: Reply): Buffer[] {
  assert(Array.isArray(reply), 'several values come as a list');
  return reply.filter((item): item is Buffer => Buffer.isBuffer(item));
}
