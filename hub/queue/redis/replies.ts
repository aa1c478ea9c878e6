/** What functions answer, read back into types. Our own functions made it, so another shape is a mistake of ours. */
import { assert } from '@tributary/shared/assert.ts';
import type { Reply } from './masters/masters.ts';

/** A function's answer: the generation of the partition's master, what became of the call, and what belongs to it. */
export interface Answer {
  readonly generation: number;
  readonly word: string;
  readonly values: readonly Reply[];
}

export function answerOf(reply: Reply): Answer {
  const [generation, word, ...values] = listOf(reply);
  return { generation: numberOf(generation), word: textOf(word), values };
}

export function listOf(reply: Reply | undefined): readonly Reply[] {
  assert(Array.isArray(reply), 'a function answers with a list');
  return reply;
}

export function numberOf(reply: Reply | undefined): number {
  const number = typeof reply === 'number' ? reply : Number(textOf(reply));
  assert(Number.isSafeInteger(number), 'a number of ours is whole');
  return number;
}

export function textOf(reply: Reply | undefined): string {
  assert(Buffer.isBuffer(reply), 'a text of ours comes as bytes');
  return reply.toString();
}

export function bytesOf(reply: Reply | undefined): Buffer {
  assert(Buffer.isBuffer(reply), 'a body comes as bytes');
  return reply;
}

/** Values that follow each other, `size` of them each. */
export function* inGroups(values: readonly Reply[], size: number): Generator<readonly Reply[]> {
  for (let at = 0; at < values.length; at += size) yield values.slice(at, at + size);
}

/** Fields of a row, which are numbers but for the first `texts`. */
export function rowOf(reply: Reply | undefined): readonly string[] {
  return textOf(reply).split(' ');
}
