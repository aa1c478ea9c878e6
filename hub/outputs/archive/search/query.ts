/**
 * What a search asks for, and which objects can hold an answer. A record's time is when the site received it: rows of an object are
 * in that order, so results stream in it without being sorted. Where pipelines of several log types route to one, they are in the order
 * of the routing: rows that were received earlier may come later, and each is looked at.
 */
import type { ArchiveObject } from '../../../queue/queue.ts';
import type { Condition } from './condition.ts';

export interface Pattern {
  /** `linear`: a regular expression that cannot hold up a thread, for threads that several searches share. */
  readonly kind: 'literal' | 'regex' | 'linear';
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
  /** On what the record and its row say, beside the pattern. */
  readonly condition?: Condition;
  /** Letters in values of the condition are alike whatever their case. */
  readonly ignoreCase?: boolean;
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
