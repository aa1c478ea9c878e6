/**
 * What a search asks for, and which objects can hold an answer. A record's time is when the site received it: rows of an object are
 * in that order, so results stream in it without being sorted.
 */
import type { ArchiveObject } from '../../../queue/queue.ts';

export interface Pattern {
  readonly kind: 'literal' | 'regex';
  readonly text: string;
  readonly ignoreCase: boolean;
}

export interface ArchiveQuery {
  /** Absent: every record. */
  readonly pattern?: Pattern;
  /** Received at or after. */
  readonly sinceMs?: number;
  /** Received before. */
  readonly untilMs?: number;
  readonly tenant?: string;
  readonly type?: string;
  readonly host?: string;
}

/** Whether an object can hold a record that the query wants, judged by its index row alone. */
export function canMatch(object: ArchiveObject, query: ArchiveQuery): boolean {
  const { sinceMs = -Infinity, untilMs = Infinity, tenant, type, host } = query;
  const [objectTenant, objectType] = object.channel.split('/');
  if (tenant !== undefined && tenant !== objectTenant) return false;
  if (type !== undefined && type !== objectType) return false;
  if (host !== undefined && !object.hosts.includes(host)) return false;
  return object.receivedMsMax >= sinceMs && object.receivedMsMin < untilMs;
}
