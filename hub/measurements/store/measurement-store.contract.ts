/** What every store of measurements does; run by the tests of each of them. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { eventsPerAgent, forgetAfterMs } from '../limits.ts';
import { type AgentText, type Chunk, type MeasurementStore, type Tier, tiers } from './measurement-store.ts';

const [one, two] = ['1', '2'].map((letter) => letter.repeat(32));
const { fine, coarse } = tiers;
/** Long after what was measured at its beginning, and soon enough that nothing of the last day expires while the test runs. */
const nowMs = Math.floor(Date.now() / coarse.chunkMs) * coarse.chunkMs;

function chunk(subject: string, tier: Tier, startMs: number, bytes = Buffer.from(`${tier} ${startMs}`)): Chunk {
  return { subject, tier, startMs, bytes };
}

function event(agentId: string, atMs: number): AgentText {
  return { agentId, atMs, json: `{"message":"ä ${atMs}"}` };
}

function state(agentId: string, atMs: number): AgentText {
  return { agentId, atMs, json: `{"at":${atMs}}` };
}

function texts(chunks: readonly Chunk[]): readonly [number, string][] {
  return chunks.map(({ startMs, bytes }) => [startMs, Buffer.from(bytes).toString()]);
}

export function measurementStoreContract(make: () => Promise<MeasurementStore>): void {
  test('a chunk is read as it was written last, by subject, tier and time', async () => {
    await using store = await make();
    const starts = [0, 1, 2, 3].map((number) => nowMs - number * fine.chunkMs).toReversed();
    await store.write(starts.map((startMs) => chunk(one ?? '', 'fine', startMs)));
    await store.write([chunk(one ?? '', 'coarse', nowMs), chunk(two ?? '', 'fine', nowMs)]);
    await store.write([chunk(one ?? '', 'fine', starts[2] ?? 0, Buffer.from([0, 255, 10]))]);
    const range = { fromMs: starts[1] ?? 0, toMs: nowMs };
    const found = await store.read({ subject: one ?? '', tier: 'fine' }, range);
    assert.deepEqual(
      found.map(({ startMs }) => startMs),
      [starts[1], starts[2]],
    );
    assert.deepEqual([...(found[1]?.bytes ?? [])], [0, 255, 10]);
    const all = { fromMs: 0, toMs: nowMs + 1 };
    assert.equal((await store.read({ subject: two ?? '', tier: 'fine' }, all)).length, 1);
    assert.deepEqual(texts(await store.read({ subject: one ?? '', tier: 'coarse' }, all)), [[nowMs, `coarse ${nowMs}`]]);
    assert.deepEqual(await store.read({ subject: 'ab'.repeat(16), tier: 'fine' }, all), []);
  });

  test('what a fine chunk brings is due until it is rolled', async () => {
    await using store = await make();
    const earlier = nowMs - coarse.chunkMs;
    await store.write([chunk(one ?? '', 'fine', earlier), chunk(one ?? '', 'fine', earlier + fine.chunkMs)]);
    await store.write([chunk(two ?? '', 'fine', nowMs), chunk(two ?? '', 'coarse', earlier)]);
    assert.deepEqual(await store.due(earlier, 10), []);
    assert.deepEqual(await store.due(nowMs, 10), [{ subject: one, startMs: earlier }]);
    assert.equal((await store.due(nowMs + 1, 10)).length, 2);
    assert.equal((await store.due(nowMs + 1, 1)).length, 1);
    await store.rolled([{ subject: one ?? '', startMs: earlier }]);
    assert.deepEqual(await store.due(nowMs + 1, 10), [{ subject: two, startMs: nowMs }]);
  });

  test('of each agent the newest events are kept', async () => {
    await using store = await make();
    await store.addEvents([event(one ?? '', 1), event(two ?? '', 2), event(one ?? '', 3)]);
    await store.addEvents([event(one ?? '', 4)]);
    assert.deepEqual(await store.events(one ?? '', { skip: 0, limit: 2 }), [event(one ?? '', 4), event(one ?? '', 3)]);
    assert.deepEqual(await store.events(one ?? '', { skip: 2, limit: 2 }), [event(one ?? '', 1)]);
    await store.addEvents(Array.from({ length: eventsPerAgent }, (_, number) => event(one ?? '', 10 + number)));
    const kept = await store.events(one ?? '', { skip: 0, limit: 2 * eventsPerAgent });
    assert.deepEqual([kept.length, kept.at(-1)?.atMs], [eventsPerAgent, 10]);
    assert.equal((await store.events(two ?? '', { skip: 0, limit: 10 })).length, 1);
  });

  test('of each agent the last state is kept, for a week', async () => {
    await using store = await make();
    await store.putStates([state(one ?? '', nowMs - forgetAfterMs - 1), state(two ?? '', nowMs - 5)]);
    await store.putStates([state(two ?? '', nowMs - 4)]);
    assert.deepEqual(await store.states(), [state(one ?? '', nowMs - forgetAfterMs - 1), state(two ?? '', nowMs - 4)]);
    await store.trim({ nowMs, bytesMax: 1e9 });
    assert.deepEqual(await store.states(), [state(two ?? '', nowMs - 4)]);
  });

  test('what takes too much goes, the oldest first', async () => {
    await using store = await make();
    const large = Buffer.alloc(20_000, 'x');
    const starts = Array.from({ length: 10 }, (_, number) => nowMs - number * fine.chunkMs);
    await store.write(starts.map((startMs) => chunk(one ?? '', 'fine', startMs, large)));
    await store.write([chunk(two ?? '', 'coarse', nowMs - 4 * coarse.chunkMs, large)]);
    const all = await store.trim({ nowMs, bytesMax: 1e9 });
    assert.ok(all >= 11 * large.length && all < 14 * large.length, `${all}`);
    const left = await store.trim({ nowMs, bytesMax: all / 2 });
    assert.ok(left <= all / 2, `${left}`);
    const range = { fromMs: 0, toMs: nowMs + 1 };
    assert.deepEqual(await store.read({ subject: two ?? '', tier: 'coarse' }, range), []);
    const kept = await store.read({ subject: one ?? '', tier: 'fine' }, range);
    assert.ok(kept.length >= 3 && kept.length <= 5, `${kept.length}`);
    assert.equal(kept.at(-1)?.startMs, nowMs);
  });
}
