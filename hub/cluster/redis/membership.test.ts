import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import type { HubMember } from '../cluster.ts';
import { aloneAfterMs } from './limits.ts';
import { memberText, parseMember } from './member-text.ts';
import { Membership } from './membership.ts';

const facts = { host: 'h', version: '1', startedMs: 1 };

function member(letter: string, changes: Partial<HubMember> = {}): HubMember {
  const hubId = letter.repeat(32);
  const own = { address: `wss://${letter}:7701`, state: 'ready', connections: 0, works: true, beatMs: 0 } as const;
  return { hubId, ...facts, ...own, ...changes };
}

function membership(): Membership {
  const known = new Membership({ self: { hubId: 'a'.repeat(32), ...facts }, partitions: 64 });
  known.tell({ address: 'wss://a:7701', state: 'ready', works: true });
  return known;
}

suite('the membership of a hub', () => {
  test('partitions are shared by hubs that work and do not leave', () => {
    const known = membership();
    assert.equal(known.heard([member('a')], 0), true);
    assert.equal(known.partitions.size, 64);
    assert.equal(known.heard([member('a'), member('b')], 0), true);
    const shared = known.partitions.size;
    assert.ok(shared > 10 && shared < 54);
    known.heard([member('a'), member('b'), member('c', { works: false }), member('d', { state: 'draining' })], 0);
    assert.equal(known.partitions.size, shared);
  });

  test('connections and heartbeats are no change', () => {
    const known = membership();
    known.heard([member('a'), member('b')], 0);
    assert.equal(known.heard([member('a'), member('b', { connections: 9, beatMs: 5 })], 0), false);
    assert.equal(known.heard([member('a'), member('b', { state: 'draining' })], 0), true);
  });

  test('agents go to hubs that are ready, this one first, as it says of itself now', () => {
    const known = membership();
    known.heard(
      [member('a', { address: 'old' }), member('b'), member('c', { state: 'starting' }), member('d', { address: '' })],
      0,
    );
    assert.deepEqual(known.addresses, ['wss://a:7701', 'wss://b:7701']);
    known.tell({ state: 'draining' });
    assert.deepEqual(known.addresses, ['wss://b:7701']);
  });

  test('a hub that cannot reach the store works on until its leases are over, and then on nothing until it is heard again', () => {
    const known = membership();
    known.heard([member('a'), member('b')], 1000);
    const own = known.partitions;
    assert.equal(known.missed(1000 + aloneAfterMs - 1), false);
    assert.deepEqual(known.partitions, own);
    assert.equal(known.missed(1000 + aloneAfterMs), true);
    assert.equal(known.partitions.size, 0);
    assert.equal(known.missed(2000 + aloneAfterMs), false);
    assert.deepEqual(known.addresses, ['wss://a:7701', 'wss://b:7701']);
    assert.equal(known.heard([member('a'), member('b')], 3000 + aloneAfterMs), true);
    assert.deepEqual(known.partitions, own);
  });

  test('only what others act on is told at once', () => {
    const known = membership();
    assert.equal(known.tell({ connections: 5 }), false);
    assert.equal(known.tell({ state: 'draining' }), true);
    assert.equal(known.tell({ state: 'draining' }), false);
  });

  test('what another hub says of itself is bounded, and what is no member is none', () => {
    const long = member('b', { host: 'x'.repeat(5000) });
    assert.equal(parseMember(long.hubId, memberText(long), 7)?.host.length, 300);
    assert.deepEqual(parseMember('b'.repeat(32), memberText(member('b')), 0), member('b'));
    for (const [hubId, json] of [
      ['b'.repeat(32), '{'],
      ['b'.repeat(32), '{"host":1}'],
      ['\u001b[31m', memberText(long)],
    ] as const)
      assert.equal(parseMember(hubId, json, 0), undefined);
  });
});
