import type { KnownStream, Queue } from '../../queue/queue.ts';

const pageEntries = 1000;

/** Of all partitions, one after the other, in the order of their rows. */
export async function* allStreams(queue: Pick<Queue, 'streams' | 'partitions'>): AsyncGenerator<KnownStream> {
  for (let partition = 0; partition < queue.partitions; partition += 1) {
    for (let after = 0; ;) {
      const page = await queue.streams({ partition, after }, { entries: pageEntries });
      yield* page;
      const last = page.at(-1);
      if (last === undefined) break;
      after = last.row;
    }
  }
}
