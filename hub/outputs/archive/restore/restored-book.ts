/**
 * Which rows of archived objects were restored into a log type, by which text of a pipeline: what is restored a second time adds nothing,
 * however long after. Beside the objects of that type, a small file for each object that was read:
 *
 *     <archive>/<tenant>/<type>/.restored/<type it was read of>-<hash of the pipeline>/<name of the object>.json
 *
 * Order: the rows into the file as pending; their blocks published, under keys that are made of these rows; the rows into the file as done.
 * After a crash in between the pending rows are published again as they were, and the queue knows the keys.
 */
import { basename } from 'node:path';
import * as z from 'zod';
import { bareName } from '../object-name.ts';
import type { ArchiveStore } from '../store/archive-store.ts';
import type { RowRange } from './row-ranges.ts';

export interface BookPlace {
  readonly tenant: string;
  /** Where it was archived, and where it goes. */
  readonly type: string;
  readonly into: string;
  /** Of the pipeline. */
  readonly sha256: string;
  readonly object: string;
}

export interface RestoredRows {
  readonly rows: readonly RowRange[];
  readonly pending: readonly RowRange[];
}

const fileVersion = 1;
const hashCharacters = 16;
const count = z.int().min(0);
const ranges = z.array(z.tuple([count, count]));
const schema = z.object({ version: z.literal(fileVersion), object: z.string(), rows: ranges, pending: ranges });

/** Rejects where there is one that cannot be read: without it nobody knows what was restored. */
export async function readRestored(store: Pick<ArchiveStore, 'read'>, place: BookPlace): Promise<RestoredRows> {
  const text = await store.read(nameOf(place));
  if (text === undefined) return { rows: [], pending: [] };
  const { rows, pending } = schema.parse(JSON.parse(text.toString()));
  return { rows, pending };
}

/** Durable when it resolves. */
export async function writeRestored(
  store: Pick<ArchiveStore, 'write'>,
  place: BookPlace,
  { rows, pending }: RestoredRows,
): Promise<void> {
  await store.write(nameOf(place), `${JSON.stringify({ version: fileVersion, object: place.object, rows, pending })}\n`);
}

function nameOf({ tenant, type, into, sha256, object }: BookPlace): string {
  return `${tenant}/${into}/.restored/${type}-${sha256.slice(0, hashCharacters)}/${basename(bareName(object))}.json`;
}
