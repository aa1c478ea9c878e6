/**
 * Objects of the archive, with their manifests and rows, the oldest of each chain first. The row goes last: a plan is made of rows, so what was
 * begun is ended by the next run.
 */
import { rmdir } from 'node:fs/promises';
import { dirname } from 'node:path';
import { crashPoint } from '@tributary/shared/crash-point.ts';
import { noteCut } from '../../outputs/archive/chain/chain-cut.ts';
import { manifestName } from '../../outputs/archive/object-name.ts';
import type { ArchiveStore } from '../../outputs/archive/store/archive-store.ts';
import type { ArchiveObject, Queue } from '../../queue/queue.ts';
import type { HousekeepingKind, Removal } from '../removal.ts';
import { type Retention, whyGone } from '../retention.ts';

export interface ArchiveObjectsParts {
  readonly queue: Pick<Queue, 'archiveObjects' | 'removeArchived'>;
  /** Undefined: this hub has no archive. */
  readonly store: () => ArchiveStore | undefined;
  readonly retention: () => Retention;
}

interface ObjectRemoval extends Removal {
  readonly object: ArchiveObject;
  /** Of the first one of a chain: the last that goes of it. */
  readonly cutAt: ArchiveObject | undefined;
}

const atOnce = 16;
/** Folders of an object above which those of its channel begin: hour, day, month, year. */
const foldersDeep = 4;

export function archiveObjects({ queue, store, retention }: ArchiveObjectsParts): HousekeepingKind<ObjectRemoval> {
  return {
    name: 'archive',
    atOnce,
    plan: async function* (nowMs) {
      if (store() === undefined) return;
      const keeps = retention();
      for (const [, chain] of Map.groupBy(await queue.archiveObjects(), ({ channel, partition }) => `${channel} ${partition}`)) {
        const [tenant = '', type = ''] = chain[0]?.channel.split('/') ?? [];
        const keptMs = keeps('archive', { tenant, types: [type] });
        if (keptMs === undefined) continue;
        const ordered = chain.toSorted((one, other) => one.receivedMsMin - other.receivedMsMin || one.first - other.first);
        const young = ordered.findIndex(({ receivedMsMax }) => receivedMsMax >= nowMs - keptMs);
        const old = young === -1 ? ordered : ordered.slice(0, young);
        for (const [index, object] of old.entries()) {
          const { name: subject, objectBytes: bytes, receivedMsMax } = object;
          const cutAt = index === 0 ? old.at(-1) : undefined;
          yield { subject, tenant, type, bytes, why: whyGone('received until', receivedMsMax, keptMs), object, cutAt };
        }
      }
    },
    remove: async ({ object, cutAt }, check) => {
      const from = store();
      if (from === undefined) throw new Error('the archive was taken out of the configuration');
      check();
      if (cutAt !== undefined) await noteCut(from, cutAt);
      check();
      await from.remove(object.name);
      crashPoint('hub.housekeeping.object-removed');
      check();
      await from.remove(manifestName(object.name));
      await removeEmptyFolders(from.localPath(object.name));
      check();
      await queue.removeArchived([object]);
    },
  };
}

/** Those in which nothing is left. One that somebody fills meanwhile is not empty. */
async function removeEmptyFolders(path: string | undefined): Promise<void> {
  if (path === undefined) return;
  let folder = dirname(path);
  for (let depth = 0; depth < foldersDeep; depth += 1) {
    try {
      await rmdir(folder);
    } catch {
      return;
    }
    folder = dirname(folder);
  }
}
