/**
 * Which documents are there already, by their ids in the indices behind a name. `create` refuses a document only in the index that is written to: one that was
 * sent before a rollover is in another. One that may have been sent a moment ago (`anywhere`) is looked for in that one, too, even where there is no other:
 * the index may be rolled over between this look and the request that follows.
 *
 * What an earlier request brings while this one is answered would be missed, so all that the cluster still works on are waited for first: a request
 * that was read is a task on some node until its last shard has answered, also when its connection, its sender or the node that took it is gone.
 * One that no node has read yet, as it lies in a socket of a node that stands still, comes when that node goes on; it makes a second document only if the
 * index rolls over between it and ours. That is told in docs/decisions/0009: closing it would take the right to delete documents.
 */
import type { Clock } from '@tributary/shared/clock.ts';
import { pause } from '../../../groups/retry.ts';
import type { Sought } from '../bulk/bulk-server.ts';
import { clockSlackMs, earlierLookMs, earlierMsMax, lookUpIdsMax } from '../limits.ts';
import { type AskedServer, type BackingIndex, backingIndices, notTold } from './backing-indices.ts';
import { NoAnswerError } from './connection.ts';
import { objectOf } from './objects.ts';

export interface LookUpParts {
  readonly server: AskedServer;
  readonly clock: Clock;
  /** Whether a request of this name is one of this output that somebody else made, or whose answer was lost. */
  readonly isEarlier: (opaqueId: string) => boolean;
  /** Asked for, and there: none where no index can have them. */
  readonly onLookedUp: (documents: number, found: number) => void;
}

interface Wanted {
  readonly index: string;
  readonly id: string;
  readonly place: number;
}

/** Places in the list of those that are there. Rejects where the server does not tell. */
export async function lookUp(
  parts: LookUpParts,
  documents: readonly Sought[],
  signal: AbortSignal,
): Promise<ReadonlySet<number>> {
  const found = new Set<number>();
  const rounds = await roundsOf(parts.server, documents, signal);
  const asked = new Set(rounds.flatMap((round) => round.map(({ place }) => place)));
  if (asked.size === 0) return found;
  await earlierRequests(parts, signal);
  for (const round of rounds) {
    const wanted = round.filter(({ place }) => !found.has(place));
    for (let at = 0; at < wanted.length; at += lookUpIdsMax) {
      const part = wanted.slice(at, at + lookUpIdsMax);
      const there = await existing(parts.server, part, signal);
      for (const [index, { place }] of part.entries()) if (there[index] === true) found.add(place);
    }
  }
  parts.onLookedUp(asked.size, found.size);
  return found;
}

/** Where each of them may be, the newest index of each name first: what was found there is not looked for in the older ones. */
async function roundsOf(server: AskedServer, documents: readonly Sought[], signal: AbortSignal): Promise<Wanted[][]> {
  const byName = Map.groupBy(
    documents.map((document, place) => ({ ...document, place })),
    ({ index }) => index,
  );
  const rounds: Wanted[][] = [];
  for (const [name, group] of byName) {
    const indices = await backingIndices(server, name, signal);
    const last = indices.at(-1);
    for (const [round, backing] of indices.toReversed().entries()) {
      const wanted = (rounds[round] ??= []);
      for (const document of group) {
        if (mayHave(backing, backing === last, document))
          wanted.push({ index: backing.name, id: document.id, place: document.place });
      }
    }
  }
  return rounds;
}

/** What was sent long ago, if at all, is left to the index that is written to. */
function mayHave({ writtenUntilMs }: BackingIndex, isWritten: boolean, { doubt, sinceMs }: Sought): boolean {
  return isWritten ? doubt === 'anywhere' : writtenUntilMs + clockSlackMs >= sinceMs;
}

/** Of a call that there is not. */
const noCallStatuses: ReadonlySet<number> = new Set([400, 404, 405, 410]);

/** Resolves when none of those that are there now is there any more. Serverless has no such call. */
async function earlierRequests({ server, clock, isEarlier }: LookUpParts, signal: AbortSignal): Promise<void> {
  const untilMs = clock.monotonic() + earlierMsMax;
  let awaited: ReadonlySet<string> | undefined;
  for (;;) {
    const answer = await server.request({
      method: 'GET',
      path: '/_tasks',
      query: { actions: 'indices:data/write/bulk*', filter_path: 'nodes.*.tasks.*.headers,node_failures.type' },
      signal,
    });
    if (noCallStatuses.has(answer.status)) return;
    if (answer.status !== 200) throw notTold(answer, 'the tasks of the cluster (privilege monitor)');
    if (objectOf(answer.body)['node_failures'] !== undefined)
      throw new NoAnswerError('a node does not tell what it works on', false);
    const present = opaqueIds(answer.body).filter(isEarlier);
    const known = awaited;
    awaited = new Set(known === undefined ? present : present.filter((id) => known.has(id)));
    if (awaited.size === 0) return;
    if (clock.monotonic() > untilMs) throw new NoAnswerError('earlier requests are still under way there', false);
    await pause(clock, earlierLookMs, signal);
    signal.throwIfAborted();
  }
}

function opaqueIds(body: unknown): string[] {
  const nodes = Object.values(objectOf(objectOf(body)['nodes']));
  const tasks = nodes.flatMap((node) => Object.values(objectOf(objectOf(node)['tasks'])));
  return tasks.flatMap((task) => {
    const id = objectOf(objectOf(task)['headers'])['X-Opaque-Id'];
    return typeof id === 'string' ? [id] : [];
  });
}

/** Asked of the shards themselves: what was written and cannot be searched yet counts, too. */
async function existing(server: AskedServer, wanted: readonly Wanted[], signal: AbortSignal): Promise<boolean[]> {
  const docs = wanted.map(({ index, id }) => ({ _index: index, _id: id, _source: false }));
  const answer = await server.request({
    method: 'POST',
    path: '/_mget',
    query: { filter_path: 'docs.found,docs.error.type,docs._id' },
    body: { docs },
    signal,
  });
  const answers = objectOf(answer.body)['docs'];
  if (answer.status !== 200 || !Array.isArray(answers) || answers.length !== docs.length) {
    throw notTold(answer, 'documents by their ids (privilege read)');
  }
  return answers.map((one) => {
    const { found, error } = objectOf(one);
    // An index that was deleted meanwhile has nothing.
    if (error !== undefined && objectOf(error)['type'] !== 'index_not_found_exception')
      throw new NoAnswerError(`a document cannot be looked up (${String(objectOf(error)['type'])})`, false);
    return found === true;
  });
}
