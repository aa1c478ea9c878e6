import assert from 'node:assert/strict';
import type { LookupAddress } from 'node:dns';
import { test } from 'node:test';
import { type Lookup, sharedLookup } from './shared-lookup.ts';

interface Answer {
  readonly error: string | undefined;
  readonly address: unknown;
  readonly family: number | undefined;
}

async function ask(lookUp: Lookup, hostname: string, all: boolean): Promise<Answer> {
  const answered = Promise.withResolvers<Answer>();
  lookUp(hostname, { all }, (error, address, family) => answered.resolve({ error: error?.message, address, family }));
  return await answered.promise;
}

test('a name is looked up once at a time, whoever asks, and anew after that', async () => {
  const asked: { hostname: string; told: (error: Error | null, addresses: LookupAddress[]) => void }[] = [];
  const lookUp = sharedLookup((hostname, _options, told) => void asked.push({ hostname, told }));
  const names = (): string[] => asked.map(({ hostname }) => hostname);
  const tries = [ask(lookUp, 'a', true), ask(lookUp, 'a', false), ask(lookUp, 'b', false)];
  assert.deepEqual(names(), ['a', 'b']);
  const addresses = [
    { address: '::1', family: 6 },
    { address: '127.0.0.1', family: 4 },
  ];
  for (const { told } of asked) told(null, addresses);
  assert.deepEqual(await Promise.all(tries), [
    { error: undefined, address: addresses, family: undefined },
    { error: undefined, address: '::1', family: 6 },
    { error: undefined, address: '::1', family: 6 },
  ]);
  const again = ask(lookUp, 'a', false);
  assert.deepEqual(names(), ['a', 'b', 'a']);
  asked[2]?.told(new Error('no such name'), []);
  assert.deepEqual(await again, { error: 'no such name', address: [], family: undefined });
});
