/** The archive's index of a site, for who only reads: a page at a time, without a queue, and without changing anything in Redis. */
import type { ArchiveObject } from '../queue.ts';
import { objectOfText } from './entry-reader.ts';
import { PartitionKeys } from './keys.ts';
import { rowsMax } from './limits.ts';
import type { Masters } from './masters/masters.ts';
import { textOf } from './replies.ts';

/** Partition after partition; of each in the order in which objects came. Rejects with MasterError. */
export async function* archiveIndex(
  masters: Pick<Masters, 'range' | 'prefix'>,
  partitions: number,
): AsyncGenerator<ArchiveObject, void, undefined> {
  for (let partition = 0; partition < partitions; partition += 1) {
    const { objects } = new PartitionKeys(masters.prefix, partition);
    for (let first = 0; ; first += rowsMax) {
      const rows = await masters.range(partition, objects, { first, last: first + rowsMax - 1 });
      for (const row of rows) yield objectOfText(textOf(row));
      if (rows.length < rowsMax) break;
    }
  }
}
