import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { partitionsOf } from './rendezvous.ts';

const hubs = ['a', 'b', 'c'].map((letter) => letter.repeat(32));

function shares(present: readonly string[]): Map<number, string> {
  const owners = new Map<number, string>();
  for (const hub of present) {
    for (const partition of partitionsOf(hub, present, 64)) {
      assert.ok(!owners.has(partition), 'a partition has one owner');
      owners.set(partition, hub);
    }
  }
  return owners;
}

suite('partitions of hubs', () => {
  test('each has one owner, and every hub has a fair share', () => {
    const owners = shares(hubs);
    assert.equal(owners.size, 64);
    for (const hub of hubs) {
      const count = [...owners.values()].filter((owner) => owner === hub).length;
      assert.ok(count >= 10 && count <= 35, `${hub} has ${count}`);
    }
  });

  test('a hub that goes gives away its own, and nothing else moves', () => {
    const before = shares(hubs);
    const after = shares(hubs.slice(0, 2));
    for (const [partition, owner] of before) if (owner !== hubs[2]) assert.equal(after.get(partition), owner);
    assert.equal(after.size, 64);
  });

  test('who is not there has none', () => {
    assert.equal(partitionsOf('d'.repeat(32), hubs, 64).size, 0);
    assert.equal(partitionsOf('d'.repeat(32), [], 64).size, 0);
  });
});
