/** Documents that a destination refused, and entries that were set aside, when nobody looked at them for long. */
import { randomUUID } from 'node:crypto';
import type { Clock } from '@tributary/shared/clock.ts';
import { letterPlaces } from '../../dead-letters/letter-list.ts';
import { type LetterPlace, lettersOf, walkLetters } from '../../dead-letters/letter-walk.ts';
import { pageBytes, pageEntries } from '../../dead-letters/limits.ts';
import { channelOf, type GroupStatus, type Queue } from '../../queue/queue.ts';
import type { HousekeepingKind, Removal } from '../removal.ts';
import { type Retention, whyGone } from '../retention.ts';
import { allDeadEntries } from './all-dead-entries.ts';

export interface OldDeadLettersParts {
  readonly queue: Queue;
  readonly clock: Clock;
  readonly hubId: string;
  readonly retention: () => Retention;
}

export interface OldDeadEntriesParts {
  readonly queue: Pick<Queue, 'deadEntries' | 'dropDeadEntries' | 'partitions'>;
  readonly retention: () => Retention;
}

interface LetterRemoval extends Removal {
  readonly place: LetterPlace;
  readonly untilMs: number;
}

interface EntryRemoval extends Removal {
  readonly partition: number;
  readonly number: number;
}

export function oldDeadLetters({ queue, clock, hubId, retention }: OldDeadLettersParts): HousekeepingKind<LetterRemoval> {
  return {
    name: 'dead_letters',
    atOnce: 1,
    plan: async function* (nowMs) {
      for (const place of await letterPlaces(queue, { channel: () => true })) {
        const [tenant = '', type = ''] = channelOf(place.topic).split('/');
        const keptMs = retention()('dead_letters', { tenant, types: [type] });
        if (keptMs === undefined) continue;
        const untilMs = nowMs - keptMs;
        const { count, bytes, oldestMs } = await olderThan(queue, place, untilMs);
        if (count === 0) continue;
        const { topic, partition } = place;
        const subject = `${count} documents of ${topic} in partition ${partition}`;
        const why = whyGone('the oldest refused at', oldestMs, keptMs);
        yield { subject, tenant, type, bytes, why, place: { topic, partition }, untilMs };
      }
    },
    remove: async ({ place, untilMs }, check) => {
      const owner = `${hubId} ${randomUUID()}`;
      const work = {
        isMeant: ({ atMs }: { readonly atMs: number }) => atMs < untilMs,
        act: async (letters: readonly object[]) => {
          check();
          return letters.map(() => undefined);
        },
        takesUnreadable: false,
        tell: () => undefined,
      };
      await walkLetters({ queue, clock, owner }, place, work, new AbortController().signal);
    },
  };
}

export function oldDeadEntries({ queue, retention }: OldDeadEntriesParts): HousekeepingKind<EntryRemoval> {
  return {
    name: 'dead_entries',
    atOnce: 8,
    plan: async function* (nowMs) {
      for (let partition = 0; partition < queue.partitions; partition += 1) {
        for await (const { number, topic, group, sequence, bytes, atMs, reason } of allDeadEntries(queue, partition)) {
          const [tenant = '', type = ''] = channelOf(topic).split('/');
          const keptMs = retention()('dead_letters', { tenant, types: [type] });
          if (keptMs === undefined || atMs >= nowMs - keptMs) continue;
          const subject = `entry ${sequence} of ${topic} in partition ${partition}`;
          const why = `${whyGone(`set aside of ${group} at`, atMs, keptMs)} (${reason.slice(0, 200)})`;
          yield { subject, tenant, type, bytes, why, partition, number };
        }
      }
    },
    remove: async ({ partition, number }, check) => {
      check();
      await queue.dropDeadEntries(partition, [number]);
    },
  };
}

async function olderThan(
  queue: Pick<Queue, 'read'>,
  { topic, partition, cursor }: GroupStatus,
  untilMs: number,
): Promise<{ count: number; bytes: number; oldestMs: number }> {
  const found = { count: 0, bytes: 0, oldestMs: Infinity };
  for (let afterSequence = cursor; ;) {
    const page = await queue.read({ topic, partition, afterSequence }, { entries: pageEntries, bytes: pageBytes });
    const last = page.at(-1);
    if (last === undefined) return found;
    afterSequence = last.sequence;
    for (const entry of page) {
      const letters = lettersOf(entry) ?? [];
      const old = letters.filter(({ atMs }) => atMs < untilMs);
      found.count += old.length;
      found.bytes += letters.length === 0 ? 0 : Math.round((entry.bodyBytes * old.length) / letters.length);
      for (const { atMs } of old) found.oldestMs = Math.min(found.oldestMs, atMs);
    }
  }
}
