import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import type { FlowAnswer, HealthState } from '../../api/health-shapes.ts';
import { shownChannels } from './flow-channels.ts';

const nothing = { entries: 0, records: 0, bytes: 0 };

function channel(name: string, state: HealthState, recordsPerSecond: number): FlowAnswer['channels'][number] {
  const rate = { recordsPerSecond, bytesPerSecond: 0 };
  return { channel: name, state, reason: '', received: rate, processed: rate, front: nothing, back: nothing, deadLetters: 0 };
}

const channels = [
  channel('a', 'green', 1),
  channel('b', 'yellow', 0),
  channel('c', 'green', 9),
  channel('d', 'red', 0),
  channel('e', 'green', 5),
];

function shown(most: number): string {
  return shownChannels(channels, most)
    .map(({ channel: name }) => name)
    .join('');
}

suite('topics of the flow map', () => {
  test('what is wrong stands above, the rest as it was', () => {
    assert.equal(shown(9), 'dbace');
  });

  test('of too many the busiest are shown, and all that is wrong', () => {
    assert.equal(shown(4), 'dbce');
    assert.equal(shown(3), 'dbc');
    assert.equal(shown(1), 'db');
  });
});
