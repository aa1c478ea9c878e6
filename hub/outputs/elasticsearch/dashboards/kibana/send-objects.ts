/**
 * Brings the objects into a Kibana: what is missing is created, what is from an older release is written again. What a person changed, and what
 * was not the hub's at all, is left and told. Kibana's import has no condition: what somebody stores between the look and the import, within
 * a second, is overwritten.
 */
import { KibanaError } from './kibana-client.ts';
import { dashboardsVersion } from './kibana-objects.ts';
import type { Naming } from './object-ids.ts';
import type { SavedObject } from './saved-object.ts';
import type { SavedObjectCalls } from './saved-object-calls.ts';
import { digestOf, keyOf, readRecord, recordId, recordObject, type StoredObject, type Written } from './written-record.ts';

/** `changed`: by a person. `foreign`: there, and not known to be the hub's. `newer`: of a newer release. `refused`: Kibana did not take it. */
export type ObjectOutcome = 'created' | 'updated' | 'unchanged' | 'overwritten' | 'changed' | 'foreign' | 'newer' | 'refused';

export interface SentObject {
  readonly type: string;
  readonly id: string;
  readonly outcome: ObjectOutcome;
  /** Why it is not as the hub would have it. */
  readonly problem?: string;
}

export interface SendRequest {
  readonly naming: Naming;
  /** Also what somebody changed, or made under these ids. */
  readonly force: boolean;
}

const leftBecause: Readonly<Partial<Record<ObjectOutcome, string>>> = {
  changed: 'somebody changed it since the hub wrote it: it stays as it is (--force overwrites it)',
  foreign: 'it is there, and nothing says that the hub wrote it: it stays as it is (--force overwrites it)',
  newer: 'a newer release of the hub wrote it: it stays as it is',
};

export async function sendObjects(
  calls: Pick<SavedObjectCalls, 'export' | 'import'>,
  objects: readonly SavedObject[],
  { naming, force }: SendRequest,
): Promise<SentObject[]> {
  const stored = await calls.export([...objects, recordId(naming)]);
  const record = readRecord(stored.get(keyOf(recordId(naming))));
  const outcomes = objects.map((object) => {
    const planned = planOf(object, stored.get(keyOf(object)), record.get(keyOf(object)));
    const isForced = force && (planned === 'changed' || planned === 'foreign');
    return { object, outcome: isForced ? ('overwritten' as const) : planned };
  });
  const chosen = (...wanted: readonly ObjectOutcome[]): SavedObject[] =>
    outcomes.flatMap(({ object, outcome }) => (wanted.includes(outcome) ? [object] : []));
  const isWrittenAgain = (['updated', 'overwritten'] as const).flatMap((outcome) => chosen(outcome));
  const problems = new Map(
    [
      // One that somebody makes meanwhile is a conflict.
      ...(await calls.import(chosen('created'), { overwrite: false })),
      ...(await calls.import(isWrittenAgain, { overwrite: true })),
    ].map((problem) => [keyOf(problem), problem.reason]),
  );
  const written = chosen('created', 'updated', 'overwritten').filter((object) => !problems.has(keyOf(object)));
  if (written.length > 0) await remember(calls, written, { naming, record });
  return outcomes.map(({ object: { type, id }, outcome }) => {
    const refused = problems.get(keyOf({ type, id }));
    const problem = refused ?? leftBecause[outcome];
    return { type, id, outcome: refused === undefined ? outcome : 'refused', ...(problem !== undefined && { problem }) };
  });
}

function planOf(object: SavedObject, stored: StoredObject | undefined, written: Written | undefined): ObjectOutcome {
  if (stored === undefined) return 'created';
  // Somebody may have imported the file.
  if (written === undefined) return digestOf(stored) === digestOf(object) ? 'unchanged' : 'foreign';
  const isNotStoredSince = stored.updatedAt !== '' && stored.updatedAt === written.updatedAt;
  const isAsWritten = isNotStoredSince || digestOf(stored) === written.stored;
  if (!isAsWritten) return 'changed';
  if (written.sent === digestOf(object)) return 'unchanged';
  return written.version > dashboardsVersion ? 'newer' : 'updated';
}

interface Remembering {
  readonly naming: Naming;
  readonly record: ReadonlyMap<string, Written>;
}

/** What is there now, as Kibana has it. Killed before this, the next one finds objects that are not known to be the hub's, and leaves them. */
async function remember(
  calls: Pick<SavedObjectCalls, 'export' | 'import'>,
  written: readonly SavedObject[],
  { naming, record }: Remembering,
): Promise<void> {
  const now = await calls.export(written);
  const after = new Map(record);
  for (const object of written) {
    const stored = now.get(keyOf(object));
    if (stored === undefined) continue;
    const { updatedAt } = stored;
    after.set(keyOf(object), { version: dashboardsVersion, sent: digestOf(object), stored: digestOf(stored), updatedAt });
  }
  const refused = await calls.import([recordObject(naming, after)], { overwrite: true });
  const [first] = refused;
  if (first !== undefined)
    throw new KibanaError(`Kibana does not take the note of what was written (${first.id}): ${first.reason}`);
}
