/** What housekeeping asks: which streams there are, and to forget some; and rows of the archive's index that go. */
import type { StreamKey } from '@tributary/protocol/session/server-effect.ts';
import { type ArchiveObject, type KnownStream, streamName } from '../queue.ts';
import { objectText } from './entry-reader.ts';
import { sumsText } from './entry-text.ts';
import { patienceMs, rowsMax } from './limits.ts';
import { asQueueErrors, type QueueContext } from './queue-context.ts';
import { inGroups, numberOf, textOf } from './replies.ts';

export class HousekeepingCalls {
  readonly #context: QueueContext;

  constructor(context: QueueContext) {
    this.#context = context;
  }

  async streams({ partition, after }: { partition: number; after: number }, wanted: number): Promise<readonly KnownStream[]> {
    const lane = this.#context.partitions.lane(partition);
    const found: KnownStream[] = [];
    for (let known = after; ;) {
      const args = [known, Math.min(rowsMax, wanted - found.length)];
      const { values } = await asQueueErrors(lane.read({ function: 'knownStreams', args: () => args, patienceMs }));
      const [next, ...rows] = values;
      for (const [row, name, text] of inGroups(rows, 3)) {
        found.push(knownStream({ partition, row: Number(textOf(row)) }, textOf(name), textOf(text)));
      }
      if (textOf(next) === '' || found.length >= wanted) return found;
      known = Number(textOf(next));
    }
  }

  async forgetStreams(partition: number, keys: readonly StreamKey[], closedBeforeMs: number): Promise<number> {
    const lane = this.#context.partitions.lane(partition);
    let forgotten = 0;
    for (let at = 0; at < keys.length; at += rowsMax) {
      const args = [closedBeforeMs, ...keys.slice(at, at + rowsMax).map(streamName)];
      const { values } = await asQueueErrors(lane.call({ function: 'forgetStreams', args: () => args, patienceMs }));
      forgotten += numberOf(values[0]);
    }
    return forgotten;
  }

  async removeArchived(objects: readonly ArchiveObject[]): Promise<number> {
    let removed = 0;
    for (const [partition, own] of Map.groupBy(objects, (object) => object.partition)) {
      const lane = this.#context.partitions.lane(partition % this.#context.partitions.count);
      for (let at = 0; at < own.length; at += rowsMax) {
        const args = own.slice(at, at + rowsMax).flatMap((object) => [objectText(object), sumsText(object)]);
        const { values } = await asQueueErrors(lane.call({ function: 'removeArchived', args: () => args, patienceMs }));
        removed += numberOf(values[0]);
      }
    }
    return removed;
  }
}

/** row start held mark archived reached awaited closed … */
function knownStream(place: Pick<KnownStream, 'partition' | 'row'>, name: string, text: string): KnownStream {
  const [siteId = '', agentId = '', streamId = ''] = name.split('/');
  const [, , held, , , , , closed = '-', , channel = ''] = text.split(' ');
  const [position, atMs] = closed.split('@');
  return {
    ...place,
    key: { siteId, agentId, streamId },
    channel,
    held: Number(held),
    closed: atMs === undefined ? undefined : { position: Number(position), atMs: Number(atMs) },
  };
}
