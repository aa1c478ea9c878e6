import assert from 'node:assert/strict';
import { test } from 'node:test';
import { byAddress, ListenerSet } from './listener-set.ts';

interface Options {
  readonly address: string;
  readonly tenant: string;
}

function makeSet(taken: ReadonlySet<string> = new Set()): { set: ListenerSet<Options, AsyncDisposable>; seen: string[] } {
  const seen: string[] = [];
  const names = new WeakMap<AsyncDisposable, string>();
  const set = new ListenerSet<Options, AsyncDisposable>({
    start: async ({ address, tenant }) => {
      if (taken.has(tenant)) throw new Error(`${address} is taken`);
      seen.push(`start ${address} ${tenant}`);
      const listener = { [Symbol.asyncDispose]: async () => undefined };
      names.set(listener, `${address} ${tenant}`);
      return listener;
    },
    end: async (listener) => void seen.push(`end ${names.get(listener)}`),
  });
  return { set, seen };
}

const a = { address: 'a:1', tenant: 'shop' };
const b = { address: 'b:1', tenant: 'shop' };

test('what did not change is not touched, what changed ends before its successor starts, what is gone ends', async () => {
  const { set, seen } = makeSet();
  await set.change(byAddress([a, b]));
  const [first] = set.all;
  seen.length = 0;
  await set.change(byAddress([a, { ...b, tenant: 'bank' }]));
  assert.deepEqual(seen, ['end b:1 shop', 'start b:1 bank']);
  assert.equal(set.all[0], first);
  seen.length = 0;
  await set.change(byAddress([a]));
  assert.deepEqual(seen, ['end b:1 bank']);
});

test('one that cannot be had leaves its predecessor, and the others change all the same', async () => {
  const { set, seen } = makeSet(new Set(['refused']));
  await set.change(byAddress([a]));
  seen.length = 0;
  await assert.rejects(set.change(byAddress([{ ...a, tenant: 'refused' }, b])), /a:1 is taken/);
  assert.deepEqual(seen, ['end a:1 shop', 'start a:1 shop', 'start b:1 shop']);
  assert.equal(set.all.length, 2);
  seen.length = 0;
  await set.change(byAddress([a, b]));
  assert.deepEqual(seen, [], 'what it was before is what it is');
});

test('listeners on any free port are told apart by their place', () => {
  assert.deepEqual([...byAddress([a, a, a]).keys()], ['a:1', 'a:1 2', 'a:1 3']);
});
