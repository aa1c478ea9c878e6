/** What a server's answers to bulk requests mean, document by document and as a whole. */
import type { Answer } from '../client/connection.ts';
import { strangeTriesMax } from '../limits.ts';

/** `again`: not done, and may be done later. `unsure`: as that, and it may have been done after all. */
export type Verdict =
  | { readonly kind: 'done'; readonly wasThere: boolean }
  | {
      readonly kind: 'again' | 'unsure' | 'refused';
      readonly status: number;
      readonly type: string;
      readonly reason: string;
      /** A trouble of the server's that is none of its own classes: not tried for ever. */
      readonly isStrange?: boolean;
    };

const reasonCharsMax = 2000;
/** Of each in a chain of causes: the last of them tells most, and the first one may hold the value that it is about. */
const causeCharsMax = 600;

/** Not done, and nothing is wrong with the document: what is full, closed, blocked or not allowed may be mended. */
const againTypes: ReadonlySet<string> = new Set([
  'es_rejected_execution_exception',
  'circuit_breaking_exception',
  'cluster_block_exception',
  'index_closed_exception',
  'index_not_found_exception',
  'security_exception',
  'snapshot_in_progress_exception',
]);

const loadTypes: ReadonlySet<string> = new Set(['es_rejected_execution_exception', 'circuit_breaking_exception']);

/** The server has too much to do, which less of everything helps. A disk that is full has the same status, and it does not. */
export function isOfLoad(type: string): boolean {
  return loadTypes.has(type);
}

/**
 * Refused as if there were too much to do, while it alone is more than the server has room for at any time. A node counts a request when it comes
 * (`bytes`) and once more, several times as large, when it is indexed there. Whether the first was that of somebody else only tries tell.
 */
export function neverFits(reason: string, { bytes, tries }: { readonly bytes: number; readonly tries: number }): boolean {
  if (/operation of size \[\d+\] bytes, which exceeds the maximum allowed/.test(reason)) return true;
  const [, before = 0, operation, max] =
    /coordinating_and_primary_bytes=(\d+).*_operation_bytes=(\d+), max_\w+=(\d+)/.exec(reason)?.map(Number) ?? [];
  if (operation === undefined || max === undefined) return false;
  return operation > max || (tries >= strangeTriesMax && operation + Math.min(bytes, before) > max);
}

/** The server itself does not know what became of it. */
const unsureTypes: ReadonlySet<string> = new Set([
  'unavailable_shards_exception',
  'no_shard_available_action_exception',
  'process_cluster_event_timeout_exception',
  'timeout_exception',
  'receive_timeout_transport_exception',
  'connect_transport_exception',
  'node_not_connected_exception',
  'node_disconnected_exception',
  'node_closed_exception',
  'already_closed_exception',
  'index_shard_closed_exception',
  'shard_not_in_primary_mode_exception',
  'retry_on_primary_exception',
  'no_master_block_exception',
  'master_not_discovered_exception',
  'not_master_exception',
  'failed_to_commit_cluster_state_exception',
]);

const unsureStatuses: ReadonlySet<number> = new Set([408, 502, 503, 504]);

/** The cluster has as many shards as it may have: told as if the document were wrong. */
const shardsMax = /maximum (normal|frozen)? ?shards open|this action would add \[\d+\]/;

export function isOfShards(reason: string): boolean {
  return shardsMax.test(reason);
}

export interface BulkItem {
  readonly status?: unknown;
  readonly error?: unknown;
}

export function verdictOf({ status, error }: BulkItem): Verdict {
  const code = typeof status === 'number' ? status : 0;
  if (code === 200 || code === 201) return { kind: 'done', wasThere: false };
  // Its `_id` is there already: it was sent before.
  if (code === 409) return { kind: 'done', wasThere: true };
  const { type, reason } = errorOf(error);
  const about = { status: code, type, reason };
  if (code === 429 || againTypes.has(type) || isOfShards(reason)) return { kind: 'again', ...about };
  if (unsureStatuses.has(code) || unsureTypes.has(type) || code === 0) return { kind: 'unsure', ...about };
  if (code >= 500) return { kind: 'unsure', isStrange: true, ...about };
  return { kind: 'refused', ...about };
}

/** Of a body with `error`, or of that itself. */
export function errorOf(error: unknown): { readonly type: string; readonly reason: string } {
  const own = record(error);
  if (own === undefined)
    return { type: 'unknown', reason: bounded(typeof error === 'string' ? error : 'the server gave no reason') };
  const type = typeof own['type'] === 'string' ? own['type'] : 'unknown';
  const reasons: string[] = [];
  for (let at: Record<string, unknown> | undefined = own; at !== undefined; at = record(at['caused_by'])) {
    const reason = at['reason'];
    if (typeof reason !== 'string') continue;
    const told = bounded(reason, causeCharsMax);
    if (!reasons.includes(told)) reasons.push(told);
  }
  return { type: bounded(type), reason: bounded(reasons.join(': ')) };
}

/** What became of a request as a whole. */
export type RequestVerdict =
  | { readonly kind: 'items'; readonly items: readonly BulkItem[] }
  /** Every document was done. */
  | { readonly kind: 'done' }
  /** Too large for the server, or for what is before it. */
  | { readonly kind: 'too-large'; readonly reason: string }
  /** One of its documents makes the whole request unreadable, or the server reads none at all. */
  | { readonly kind: 'unreadable'; readonly reason: string }
  /** Nothing was done: the server is busy. */
  | { readonly kind: 'busy'; readonly reason: string }
  /** Nothing was done, and will not be until a person changes something. */
  | { readonly kind: 'not-allowed' | 'wrong'; readonly reason: string }
  /** Nobody knows what was done. */
  | { readonly kind: 'unsure'; readonly reason: string };

export function requestVerdict({ status, body }: Answer, documents: number): RequestVerdict {
  const answer = record(body);
  if (status === 200) {
    if (answer?.['errors'] === false) return { kind: 'done' };
    const items = answer?.['items'];
    if (Array.isArray(items) && items.length === documents) return { kind: 'items', items: items.map(itemOf) };
    return { kind: 'unsure', reason: 'the answer is not that of a bulk request' };
  }
  const reason = `status ${status}: ${errorOf(answer?.['error'] ?? body).reason}`;
  if (status === 413) return { kind: 'too-large', reason };
  if (status === 429) return { kind: neverFits(reason, { bytes: 0, tries: 0 }) ? 'too-large' : 'busy', reason };
  if (status === 401 || status === 403) return { kind: 'not-allowed', reason };
  if (status === 400) return { kind: 'unreadable', reason };
  if (status >= 500 || status === 408) return { kind: 'unsure', reason };
  return { kind: 'wrong', reason };
}

function itemOf(item: unknown): BulkItem {
  return record(record(item)?.['create']) ?? {};
}

function record(value: unknown): Record<string, unknown> | undefined {
  return isRecord(value) ? value : undefined;
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function bounded(text: string, charsMax = reasonCharsMax): string {
  return text.length <= charsMax ? text : `${text.slice(0, charsMax).toWellFormed()}…`;
}
