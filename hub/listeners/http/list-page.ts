/**
 * Lists that may be long, a part at a time. Where to go on is told by the key of what came last, and not by a number: whatever comes and goes
 * in between, what is there all the time comes exactly once.
 */
import * as z from 'zod';

const listMax = 10_000;
const afterMax = 8000;

/** Of the query: all of it unless `limit` says otherwise. */
export const listPageQuery = {
  limit: z.coerce.number().int().min(1).max(listMax).optional(),
  after: z
    .string()
    .max(afterMax)
    .regex(/^[\w-]+$/, 'is not what an answer gave as next')
    .optional(),
};

export interface ListPage<Item> {
  readonly page: readonly Item[];
  /** Of the answer: empty when this is the last of it. */
  readonly next: { readonly next?: string };
}

/** In the order of the keys, each of which is one item's alone. */
export function listPage<Item>(
  items: readonly Item[],
  { limit = items.length, after }: { readonly limit?: number | undefined; readonly after?: string | undefined },
  keyOf: (item: Item) => string,
): ListPage<Item> {
  const passed = after === undefined ? undefined : Buffer.from(after, 'base64url').toString();
  const keyed = items.map((item) => ({ item, key: keyOf(item) }));
  const rest = keyed.filter(({ key }) => passed === undefined || key > passed);
  const page = rest.toSorted((one, other) => (one.key < other.key ? -1 : Number(one.key > other.key))).slice(0, limit);
  const last = page.at(-1);
  const next = last === undefined || page.length === rest.length ? {} : { next: Buffer.from(last.key).toString('base64url') };
  return { page: page.map(({ item }) => item), next };
}

/** A key by which the newest come first. */
export function newestFirst(atMs: number): string {
  return String(timeMax - Math.max(0, Math.trunc(atMs))).padStart(16, '0');
}

/** Of what JavaScript knows as a time. The difference to each millisecond since 1970 is exact. */
const timeMax = 8.64e15;
