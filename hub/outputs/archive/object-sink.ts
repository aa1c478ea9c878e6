/** Writes the objects of all channels in one thread, a few side by side. */
import { assert } from '@tributary/shared/assert.ts';
import { wholeBuffer } from '@tributary/shared/async/whole-buffer.ts';
import type { LazyThread } from '../../groups/lazy-thread.ts';
import { Slots } from '../../groups/slots.ts';
import type { ArchivePlan, ArchiveObject, Entry, Queue, Commit } from '../../queue/queue.ts';
import type { ArchiveContract, RejectedEntry } from './archive-contract.ts';
import type { Chains } from './chain/chains.ts';
import type { HeldRanges } from './held-ranges.ts';
import { readBytesMax, readEntriesMax } from './limits.ts';
import { SegmentList } from './manifest.ts';

export interface ObjectSinkOptions {
  readonly queue: Queue;
  readonly chains: Pick<Chains, 'placeOf' | 'written'>;
  readonly thread: LazyThread<ArchiveContract>;
  /** Objects that are written at the same time. */
  readonly openMax: number;
  /** Name of the output. */
  readonly output?: string | undefined;
}

export interface ObjectWork {
  readonly plan: ArchivePlan;
  readonly channel: string;
  /** Left out, as it is in other objects. */
  readonly held: HeldRanges;
  /** Asked when all is written, before the object gets its name. */
  readonly isOurs: () => Promise<boolean>;
}

export interface WrittenObject {
  readonly archived: NonNullable<Commit['archived']>;
  readonly rejected: readonly RejectedEntry[];
}

export class ObjectSink {
  readonly #options: ObjectSinkOptions;
  readonly #slots: Slots;
  #lastId = 0;

  constructor(options: ObjectSinkOptions) {
    this.#options = options;
    this.#slots = new Slots(options.openMax);
  }

  /** The object of a plan, durable under its name when this resolves. Undefined when aborted before. */
  write(work: ObjectWork, signal: AbortSignal): Promise<WrittenObject | undefined> {
    return this.#slots.run(async () => {
      if (signal.aborted) return undefined;
      const { thread, output } = this.#options;
      const { plan, held } = work;
      this.#lastId += 1;
      const id = this.#lastId;
      await thread.call('open', { id, name: plan.name, held: held.streams(), output });
      let written: WrittenObject | undefined;
      // What waits for a server that does not answer ends with an error.
      const cancel = (): void => void thread.call('abort', { id }).catch(() => undefined);
      signal.addEventListener('abort', cancel, { once: true });
      try {
        written = await this.#fill(id, work, signal);
        return written;
      } finally {
        signal.removeEventListener('abort', cancel);
        // A thread that died took its files with it; the first error is the one to tell.
        if (written === undefined) await thread.call('abort', { id }).catch(() => undefined);
      }
    });
  }

  async #fill(id: number, { plan, channel, isOurs }: ObjectWork, signal: AbortSignal): Promise<WrittenObject | undefined> {
    const { queue, thread, chains } = this.#options;
    const { topic, partition, first, last } = plan;
    const segments = new SegmentList();
    const rejected: RejectedEntry[] = [];
    let added: Promise<readonly RejectedEntry[]> = Promise.resolve([]);
    for (let done = first - 1; done < last;) {
      if (signal.aborted) return undefined;
      const limits = { entries: Math.min(readEntriesMax, last - done), bytes: readBytesMax };
      const entries = await queue.read({ topic, partition, afterSequence: done }, limits);
      assert(entries.length > 0 && entries[0]?.sequence === done + 1, 'what a plan covers is kept until the plan is done');
      done = entries.at(-1)?.sequence ?? done;
      for (const { stream, from, to } of entries.flatMap((entry) => entry.segments)) segments.add({ key: stream.key, from, to });
      // The thread works on one part while the next is read.
      rejected.push(...(await added));
      const moved = entries.flatMap(({ body }) => wholeBuffer(body));
      added = thread.call('add', { id, entries: entries.map(forThread) }, moved);
      added.catch(() => undefined);
    }
    rejected.push(...(await added));
    const leftOutRecords = await thread.call('seal', { id });
    // Whoever has the group since then may not know of an object that comes into being behind its back.
    if (!(await isOurs())) return undefined;
    const place = await chains.placeOf(channel, plan);
    const basis = { channel, storeId: queue.storeId, topic, partition, first, last, segments: segments.segments, chain: place };
    const written = await thread.call('finish', { id, basis });
    let object: ArchiveObject | undefined;
    if (written !== undefined) {
      const { link, ...figures } = written;
      await chains.written(channel, plan, { place, link });
      object = { name: plan.name, channel, partition, first, last, ...figures };
    }
    return { archived: { plan, object, segments: segments.segments, leftOutRecords }, rejected };
  }
}

function forThread(entry: Entry): ArchiveContract['add']['argument']['entries'][number] {
  assert(entry.format === 'block', 'a back topic holds blocks');
  return { sequence: entry.sequence, inflatedBytes: entry.inflatedBytes, body: entry.body };
}
