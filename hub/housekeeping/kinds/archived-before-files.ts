/**
 * What the archive held when the store lost something (outputs/archive/archived-before.ts) stays in a file, as agents that were away may send
 * it again much later. It can go when nobody can: of each of its streams the store has all of it again, which it then refuses as a duplicate
 * by itself, or who sent it was shut out. A stream that the store does not know may come any day, and keeps the file.
 *
 * A store may go back once more, by minutes: so the file stays as long as positions of streams that ended do, from when it was written last. These
 * stay as long as such a file names them (ended-streams.ts): once forgotten, a stream could not be told from one that is yet to come.
 */
import type { StreamKey } from '@tributary/protocol/session/server-effect.ts';
import * as z from 'zod';
import type { ArchiveStore, StoredFile } from '../../outputs/archive/store/archive-store.ts';
import { type Queue, streamName } from '../../queue/queue.ts';
import type { HousekeepingKind, Removal } from '../removal.ts';
import { type Retention, whyGone } from '../retention.ts';
import { allStreams } from './all-streams.ts';

export interface ArchivedBeforeFilesParts {
  readonly queue: Pick<Queue, 'streams' | 'partitions'>;
  /** Undefined: this hub has no archive. */
  readonly store: () => ArchiveStore | undefined;
  readonly retention: () => Retention;
  readonly isShutOut: (key: StreamKey) => boolean;
}

const fileName = /^\.archived-\d+\.json$/;
const schema = z.object({
  streams: z.array(z.object({ stream: z.string(), ranges: z.array(z.tuple([z.int(), z.int()])) })),
});

export function archivedBeforeFiles({ queue, store, retention, isShutOut }: ArchivedBeforeFilesParts): HousekeepingKind {
  return {
    name: 'archived_before',
    atOnce: 1,
    plan: async function* (nowMs) {
      const from = store();
      if (from === undefined) return;
      const old: { readonly file: StoredFile; readonly tenant: string; readonly type: string; readonly keptMs: number }[] = [];
      for await (const { tenant, type, file } of filesIn(from)) {
        const keptMs = retention()('streams', { tenant, types: [type] });
        if (keptMs !== undefined && file.modifiedMs < nowMs - keptMs) old.push({ file, tenant, type, keptMs });
      }
      if (old.length === 0) return;
      const held = new Map<string, number>();
      for await (const stream of allStreams(queue)) held.set(streamName(stream.key), stream.held);
      for (const { file, tenant, type, keptMs } of old) {
        const streams = await read(from, file.name);
        if (streams === undefined) continue;
        const isNeeded = streams.some(({ stream, ranges }) => {
          const end = ranges.reduce((last, [, to]) => Math.max(last, to), 0);
          return (held.get(stream) ?? -1) < end && !isShutOut(keyOf(stream));
        });
        if (isNeeded) continue;
        yield { subject: file.name, tenant, type, bytes: file.bytes, why: whyGone('written', file.modifiedMs, keptMs) };
      }
    },
    remove: async ({ subject }: Removal, check) => {
      check();
      await store()?.remove(subject);
    },
  };
}

/** Names of the streams that some file has. */
export async function streamsArchivedBefore(store: ArchiveStore | undefined): Promise<ReadonlySet<string>> {
  const names = new Set<string>();
  if (store === undefined) return names;
  for await (const { file } of filesIn(store)) {
    for (const { stream } of (await read(store, file.name)) ?? []) names.add(stream);
  }
  return names;
}

type HeldBefore = z.output<typeof schema>['streams'];

/** Undefined where it is gone. */
async function read(store: ArchiveStore, name: string): Promise<HeldBefore | undefined> {
  const text = await store.read(name);
  return text === undefined ? undefined : schema.parse(JSON.parse(text.toString())).streams;
}

/** Only channels that have one are looked through. */
async function* filesIn(
  store: ArchiveStore,
): AsyncGenerator<{ readonly tenant: string; readonly type: string; readonly file: StoredFile }> {
  for (const tenant of (await store.names('')).folders) {
    for (const type of (await store.names(tenant)).folders) {
      const channel = `${tenant}/${type}`;
      const wanted = new Set((await store.names(channel)).files.filter((name) => fileName.test(name)));
      if (wanted.size === 0) continue;
      for await (const file of store.list(channel)) {
        if (!wanted.delete(file.name.slice(channel.length + 1))) continue;
        yield { tenant, type, file };
        if (wanted.size === 0) break;
      }
    }
  }
}

function keyOf(name: string): StreamKey {
  const [siteId = '', agentId = '', streamId = ''] = name.split('/');
  return { siteId, agentId, streamId };
}
