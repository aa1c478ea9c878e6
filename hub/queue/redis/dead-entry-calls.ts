/** Entries that were set aside: listed, put into their topic again, dropped. */
import type { DeadEntry } from '../queue.ts';
import { sumsOfText } from './entry-text.ts';
import { patienceMs, rowsMax } from './limits.ts';
import { asQueueErrors, type QueueContext } from './queue-context.ts';
import { inGroups, textOf } from './replies.ts';

type DeadPlace = Pick<DeadEntry, 'partition' | 'number'>;

export class DeadEntryCalls {
  readonly #context: QueueContext;

  constructor(context: QueueContext) {
    this.#context = context;
  }

  async list({ partition, after }: { partition: number; after: number }, wanted: number): Promise<readonly DeadEntry[]> {
    const lane = this.#context.partitions.lane(partition);
    const found: DeadEntry[] = [];
    for (let known = after; ;) {
      const args = [known, Math.min(rowsMax, wanted - found.length)];
      const { values } = await asQueueErrors(lane.read({ function: 'deadEntries', args: () => args, patienceMs }));
      const [next, ...rows] = values;
      for (const [number, header, sums] of inGroups(rows, 3)) {
        found.push(deadEntryOf({ partition, number: Number(textOf(number)) }, textOf(header), textOf(sums)));
      }
      if (textOf(next) === '' || found.length >= wanted) return found;
      known = Number(textOf(next));
    }
  }

  async replay(place: DeadPlace): Promise<'done' | 'gone' | 'full'> {
    const found = await this.#find(place);
    if (found === undefined) return 'gone';
    const { topic, refs } = found;
    const { partitions, levels } = this.#context;
    const { partition, number } = place;
    const request = {
      function: 'replayDeadEntry',
      topics: [topic],
      refs,
      args: () => [topic, number, levels.topicBytesMaxIn(partition, topic)],
      patienceMs,
      provide: () => partitions.makeTopic(partition, topic),
    } as const;
    const { word, values } = await asQueueErrors(partitions.lane(partition).call(request));
    if (word !== 'done') return word === 'full' ? 'full' : 'gone';
    partitions.noteLevel(partition, topic, values);
    return 'done';
  }

  async drop(partition: number, numbers: readonly number[]): Promise<number> {
    const lane = this.#context.partitions.lane(partition);
    let dropped = 0;
    for (const number of numbers) {
      const found = await this.#find({ partition, number });
      if (found === undefined) continue;
      const { topic, refs } = found;
      const args = [topic, number];
      await asQueueErrors(lane.call({ function: 'dropDeadEntry', topics: [topic], refs, args: () => args, patienceMs }));
      // Where its answer was lost and it is asked again it is gone already: by this call.
      dropped += 1;
    }
    return dropped;
  }

  /** Its topic, and the key of its body where that has one. */
  async #find({ partition, number }: DeadPlace): Promise<{ topic: string; refs: readonly string[] } | undefined> {
    const lane = this.#context.partitions.lane(partition);
    const { word, values } = await asQueueErrors(lane.read({ function: 'deadEntry', args: () => [number], patienceMs }));
    if (word === 'gone') return undefined;
    const [header, ref] = values.map(textOf);
    const [topic]: [string] = JSON.parse(header ?? '');
    return { topic, refs: ref?.startsWith('=') === true ? [ref] : [] };
  }
}

/** Our own text, as keepDeadLetter (functions/commit.ts) made it. */
function deadEntryOf(place: DeadPlace, header: string, sums: string): DeadEntry {
  const [topic, group, sequence, atMs, reason]: [string, string, string, string, string] = JSON.parse(header);
  const { receivedMs, records, bodyBytes } = sumsOfText(sums);
  return {
    ...place,
    topic,
    group,
    sequence: Number(sequence),
    reason,
    atMs: Number(atMs),
    receivedMs,
    records,
    bytes: bodyBytes,
  };
}
