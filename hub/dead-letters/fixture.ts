/** What tests of dead letters are made of. */
import type { DeadLetter } from './dead-letter.ts';

export function testLetter(number: number, changes: Partial<DeadLetter> = {}): DeadLetter {
  return {
    output: 'elasticsearch',
    id: `id${number}`,
    index: 'logs-nginx-acme',
    status: 400,
    type: 'document_parsing_exception',
    reason: `failed to parse field [status] of document ${number}`,
    atMs: 1_700_000_000_000 + number,
    tries: 1,
    document: `{"message":"line ${number}"}`,
    ...changes,
  };
}
