/** The indices behind a name: those of a data stream, of an alias, or the one of this name. */
import { type Answer, type Connection, NoAnswerError } from './connection.ts';
import { objectOf } from './objects.ts';

export type AskedServer = Pick<Connection, 'request'>;

export interface BackingIndex {
  readonly name: string;
  /** Until when it was written to; infinite of the one that is. */
  readonly writtenUntilMs: number;
  /** It acknowledges what is not on disk. */
  readonly isVolatile: boolean;
}

/** The cluster answered, and does not tell. */
export class NotToldError extends Error {
  override readonly name = 'NotToldError';
  readonly code = 'ELASTICSEARCH_NOT_TOLD';
}

/**
 * In the order in which they were made, and behind them the one that is written to, as the server says: one that was shrunk, cloned or restored may be
 * newer than it, and holds what is old. None where there is nothing of this name.
 */
export async function backingIndices(server: AskedServer, name: string, signal: AbortSignal): Promise<readonly BackingIndex[]> {
  const answer = await server.request({
    method: 'GET',
    path: `/${encodeURIComponent(name)}/_settings/index.creation_date,index.translog.durability`,
    query: { flat_settings: true, expand_wildcards: 'all', ignore_unavailable: true },
    signal,
  });
  if (answer.status === 404) return [];
  if (answer.status !== 200) throw notTold(answer, `the settings of ${name} (privilege view_index_metadata)`);
  const found = Object.entries(objectOf(answer.body)).map(([index, value]) => {
    const settings = objectOf(objectOf(value)['settings']);
    return { name: index, createdMs: Number(settings['index.creation_date']), isVolatile: mayLose(value) };
  });
  const written = found.length > 1 ? await writtenIndex(server, name, signal) : found[0]?.name;
  const rank = (index: string): number => (index === written ? 1 : 0);
  found.sort(
    (one, other) => rank(one.name) - rank(other.name) || one.createdMs - other.createdMs || (one.name < other.name ? -1 : 1),
  );
  // Only of what a rollover made is known that its forerunner was no longer written to.
  const successors = found.filter(({ name: index }) => written !== undefined && familyOf(index) === familyOf(written));
  return found.map(({ name: index, isVolatile, createdMs }) => {
    const next = index === written ? undefined : successors.find((one) => one.createdMs > createdMs);
    return { name: index, isVolatile, writtenUntilMs: next?.createdMs ?? Infinity };
  });
}

/** All indices behind any of these names that acknowledge what is not on disk. */
export async function volatileIndices(
  server: AskedServer,
  names: readonly string[],
  signal: AbortSignal,
): Promise<readonly string[]> {
  const answer = await server.request({
    method: 'GET',
    path: `/${names.map((name) => encodeURIComponent(name)).join(',')}/_settings/index.translog.durability`,
    query: { flat_settings: true, expand_wildcards: 'all', ignore_unavailable: true },
    signal,
  });
  if (answer.status === 404) return [];
  if (answer.status !== 200) throw notTold(answer, 'the settings of its indices (privilege view_index_metadata)');
  return Object.entries(objectOf(answer.body)).flatMap(([index, value]) => (mayLose(value) ? [index] : []));
}

function mayLose(index: unknown): boolean {
  return String(objectOf(objectOf(index)['settings'])['index.translog.durability']).toLowerCase() === 'async';
}

/** Undefined where documents of this name go nowhere: an alias of several indices, none of which is the one. */
async function writtenIndex(server: AskedServer, name: string, signal: AbortSignal): Promise<string | undefined> {
  const path = encodeURIComponent(name);
  const resolved = await server.request({ method: 'GET', path: `/_resolve/index/${path}`, signal });
  if (resolved.status !== 200) throw notTold(resolved, `what ${name} stands for (privilege view_index_metadata)`);
  const streams = objectOf(resolved.body)['data_streams'];
  const backing = Array.isArray(streams) ? objectOf(streams[0])['backing_indices'] : undefined;
  if (Array.isArray(backing)) return String(backing.at(-1));
  const aliases = await server.request({ method: 'GET', path: `/_alias/${path}`, signal });
  if (aliases.status !== 200) throw notTold(aliases, `the indices of the alias ${name} (privilege view_index_metadata)`);
  const indices = Object.entries(objectOf(aliases.body));
  const written = indices.find(([, value]) => objectOf(objectOf(objectOf(value)['aliases'])[name])['is_write_index'] === true);
  return written?.[0];
}

/** What the names of all indices have in common that rollovers make one after the other: `.ds-logs-app-acme`, `orders`. */
function familyOf(index: string): string | undefined {
  return /^(.+?)(-\d{4}\.\d{2}\.\d{2})?-\d{6,}$/.exec(index)?.[1];
}

/** Of an answer that is none to the question: what is away is asked again, what is not allowed a person must see. */
export function notTold({ status }: Answer, what: string): Error {
  if (status === 401 || status === 403) return new NotToldError(`status ${status}: this hub may not see ${what}`);
  return new NoAnswerError(`status ${status} to the question for ${what}`, false);
}
