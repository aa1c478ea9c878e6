import assert from 'node:assert/strict';
import { test } from 'node:test';
import { InterruptCounter } from './interrupt.ts';

test('one press that arrives three times is one; a later one is the second', () => {
  const heard: string[] = [];
  let nowMs = 5_000;
  const listener = { onFirst: () => void heard.push('first'), onAgain: () => void heard.push('again') };
  const counter = new InterruptCounter(listener, () => nowMs);
  counter.receive('SIGINT');
  nowMs += 2;
  counter.receive('SIGINT');
  nowMs += 3;
  counter.receive('SIGINT');
  assert.deepEqual(heard, ['first']);
  nowMs += 1_000;
  counter.receive('SIGINT');
  nowMs += 1;
  counter.receive('SIGINT');
  assert.deepEqual(heard, ['first', 'again']);
});
