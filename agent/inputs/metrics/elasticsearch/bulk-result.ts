import type { BulkAnswer } from './bulk-client.ts';

/** What became of each document of a bulk request, in their order. */
export type DocumentResult = 'taken' | 'again' | 'rejected';

export interface BulkResult {
  readonly documents: readonly DocumentResult[];
  /** Of the first that was not taken; '' when all were. */
  readonly reason: string;
}

/** Too large as a whole: to be sent in parts. */
export const tooLarge = 413;

/** Throws for an answer that is about the whole request: nothing was taken, and it may be sent again. */
export function resultOf({ status, body }: BulkAnswer, count: number): BulkResult {
  if (status < 200 || status > 299) throw new Error(`Elasticsearch answered ${status}: ${body.slice(0, 200)}`);
  const answer: unknown = JSON.parse(body);
  if (fieldOf(answer, 'errors') === false) return { documents: Array.from({ length: count }, () => 'taken'), reason: '' };
  const items = fieldOf(answer, 'items');
  if (!Array.isArray(items) || items.length !== count) throw new Error('the answer of Elasticsearch does not fit what was sent');
  const created = items.map((item: unknown) => fieldOf(item, 'create'));
  const failed = created.find((item) => documentResult(item) !== 'taken');
  return { documents: created.map(documentResult), reason: failed === undefined ? '' : reasonOf(failed) };
}

function documentResult(item: unknown): DocumentResult {
  const status = Number(fieldOf(item, 'status'));
  // 409: it is there already, from a request whose answer was lost.
  if ((status >= 200 && status <= 299) || status === 409) return 'taken';
  return status === 429 || status >= 500 ? 'again' : 'rejected';
}

function reasonOf(item: unknown): string {
  const error = fieldOf(item, 'error');
  return `${String(fieldOf(item, 'status'))} ${String(fieldOf(error, 'type'))}: ${String(fieldOf(error, 'reason'))}`.slice(
    0,
    300,
  );
}

function fieldOf(value: unknown, name: string): unknown {
  return typeof value === 'object' && value !== null ? Reflect.get(value, name) : undefined;
}
