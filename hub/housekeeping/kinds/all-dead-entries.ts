import type { DeadEntry, Queue } from '../../queue/queue.ts';

const pageEntries = 1000;

/** Of one partition, in the order of their numbers; what was read of them may be dropped meanwhile. */
export async function* allDeadEntries(queue: Pick<Queue, 'deadEntries'>, partition: number): AsyncGenerator<DeadEntry> {
  for (let after = 0; ;) {
    const page = await queue.deadEntries({ partition, after }, { entries: pageEntries });
    yield* page;
    const last = page.at(-1);
    if (last === undefined) return;
    after = last.number;
  }
}
