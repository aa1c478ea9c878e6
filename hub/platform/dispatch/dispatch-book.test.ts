import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ManualClock } from '@tributary/shared/testing/manual-clock.ts';
import { RecordingFindings } from '../../testing/recording-health.ts';
import { DispatchBook } from './dispatch-book.ts';

test('documents are counted by kind, and those that cannot be read are a finding for an hour', () => {
  const findings = new RecordingFindings();
  const clock = new ManualClock();
  const book = new DispatchBook({ output: 'es', findings, clock });
  book.add('acme', { metrics: 3, agent: 1 });
  assert.deepEqual(book.counts, { documents: 4, unreadable: 0, kinds: { metrics: 3, agent: 1 } });
  assert.deepEqual(findings.all(), []);
  book.add('acme', { unreadable: 2 });
  book.add('acme', { metrics: 1, unreadable: 1 });
  assert.deepEqual(book.counts, { documents: 8, unreadable: 3, kinds: { metrics: 4, agent: 1, unreadable: 3 } });
  assert.match(findings.all()[0]?.reason ?? '', /^3 records of acme\/platform are no JSON objects/);
  clock.advance(3_599_999);
  book.look();
  assert.equal(findings.all().length, 1);
  clock.advance(1);
  book.look();
  assert.deepEqual(findings.all(), []);
  book.add('other', { unreadable: 1 });
  book.clear();
  assert.deepEqual(findings.all(), []);
});
