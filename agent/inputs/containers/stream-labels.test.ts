import assert from 'node:assert/strict';
import { test } from 'node:test';
import { labelsMax, labelValueBytesMax } from '@tributary/protocol/limits.ts';
import { prefixed, streamLabels, typeFrom } from './stream-labels.ts';

test('earlier layers win, and what has no value is left out', () => {
  const { labels, leftOut } = streamLabels([
    { a: '1', b: '' },
    { a: '2', b: '3' },
  ]);
  assert.deepEqual([labels, leftOut], [{ a: '1', b: '3' }, 0]);
});

test('labels beyond what a stream may have are left out from the end, and counted', () => {
  const many = Object.fromEntries(Array.from({ length: 100 }, (_, index) => [`label${index}`, 'x']));
  const { labels, leftOut } = streamLabels([{ first: '1' }, many, { ['n'.repeat(129)]: 'x' }]);
  assert.equal(Object.keys(labels).length, labelsMax);
  assert.equal(labels['first'], '1');
  assert.equal(leftOut, 101 - labelsMax + 1);
});

test('a long value is cut at the end of a character', () => {
  const { labels } = streamLabels([{ a: `x${'ü'.repeat(1000)}` }]);
  assert.equal(labels['a'], `x${'ü'.repeat((labelValueBytesMax - 2) / 2)}`);
});

test('names have no dots behind their prefix, and an order', () => {
  const labels = prefixed('container.labels', { 'b.c/d': '2', a: '1' });
  assert.deepEqual(Object.entries(labels), [
    ['container.labels.a', '1'],
    ['container.labels.b_c/d', '2'],
  ]);
});

test('a log type has only letters, digits and underscores', () => {
  assert.equal(typeFrom('Nginx-Access.log'), 'nginx_access_log');
  assert.equal(typeFrom('x'.repeat(60)), 'x'.repeat(50));
  for (const nothing of [undefined, '', '---']) assert.equal(typeFrom(nothing), undefined);
});
