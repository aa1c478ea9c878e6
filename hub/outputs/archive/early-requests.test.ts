import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ManualClock } from '@tributary/shared/testing/manual-clock.ts';
import { earlyRequestMs, EarlyRequests, earlyRequestsMax } from './early-requests.ts';

test('the reader of the partition that is waited for takes a request, once and in time', () => {
  const clock = new ManualClock(0);
  const early = new EarlyRequests(clock);
  early.add('acme/app', 3);
  assert.equal(early.take({ channel: 'acme/app', partition: 2 }), false);
  assert.equal(early.take({ channel: 'acme/app', partition: 3 }), true);
  assert.equal(early.take({ channel: 'acme/app', partition: 3 }), false);
  early.add('acme/app', undefined);
  assert.equal(early.take({ channel: 'acme/app', partition: 2 }), true);
  early.add('acme/app', 3);
  clock.advance(earlyRequestMs);
  assert.equal(early.take({ channel: 'acme/app', partition: 3 }), false);
});

test('what anybody may ask for is bounded: the oldest goes', () => {
  const early = new EarlyRequests(new ManualClock(0));
  for (let number = 0; number <= earlyRequestsMax; number += 1) early.add(`acme/t${number}`, 0);
  assert.equal(early.take({ channel: 'acme/t0', partition: 0 }), false);
  assert.equal(early.take({ channel: `acme/t${earlyRequestsMax}`, partition: 0 }), true);
});
