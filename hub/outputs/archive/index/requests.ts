/** What `archive reindex` asks of the running hub, by its socket: rows of objects that are in the archive's store. */
import * as z from 'zod';
import type { ArchiveObject } from '../../../queue/queue.ts';
import { isObjectName } from '../object-name.ts';
import { reindexRowsMax } from './reindex.ts';

export const indexPath = '/archive/index';

const count = z.int().min(0);
const text = z.string().max(1000);

const row = z.strictObject({
  name: text.refine(isObjectName, 'must be the name of an archive object'),
  channel: z.string().regex(/^[a-z0-9_]{1,50}\/[a-z0-9_]{1,50}$/),
  partition: count,
  first: count,
  last: count,
  receivedMsMin: z.number(),
  receivedMsMax: z.number(),
  eventMsMin: z.number().optional(),
  eventMsMax: z.number().optional(),
  records: count,
  rawBytes: count,
  objectBytes: count,
  sha256: z.string().regex(/^[0-9a-f]{64}$/),
  hosts: z.array(text),
  frames: z.array(z.strictObject({ offset: count, inflatedBytes: count, records: count })),
});

export const indexRequest = z.strictObject({ objects: z.array(row).max(reindexRowsMax) }).transform(({ objects }) => ({
  // In the order of what the archive commits: a store may compare rows as texts.
  objects: objects.map((object): ArchiveObject => ({ ...object, eventMsMin: object.eventMsMin, eventMsMax: object.eventMsMax })),
}));

export interface IndexAnswer {
  readonly added: number;
}
