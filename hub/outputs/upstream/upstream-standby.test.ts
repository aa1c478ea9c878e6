/** An upstream and its standby, over a real queue, towards two sites that know nothing of each other. */
import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { TestSite } from '@tributary/protocol/uplink/testing/test-site.ts';
import type { StreamWriter } from '../../testing/records.ts';
import { LowerSite, pathOf, write } from './testing/lower-site.ts';

const standby = { name: 'b', standby_for: 'a' };

/** Writes so many lines, and returns them. */
async function lines(writer: StreamWriter, name: string, count = 12): Promise<string> {
  let text = '';
  for (let line = 0; line < count; line += 1) {
    text += `${name} ${line}\n`;
    await write(writer, `${name} ${line}\n`);
  }
  return text;
}

async function bothPassed(lower: LowerSite): Promise<void> {
  await Promise.all([lower.passedOn('a'), lower.passedOn('b')]);
}

suite('a standby', () => {
  test('is quiet until the other one is away, and again when that is back; each line goes up once', async () => {
    await using owned = new AsyncDisposableStack();
    const [first, b] = [await TestSite.start(), owned.use(await TestSite.start())];
    const { port } = first;
    const lower = owned.use(await LowerSite.open());
    const writer = lower.writer(1);
    const { streamId } = writer.info.key;
    await lower.start(first, { name: 'a' });
    const output = await lower.start(b, standby);
    const one = await lines(writer, 'one');
    await bothPassed(lower);
    assert.equal(first.text(pathOf(1)), one);
    assert.deepEqual([...b.streams], []);
    assert.equal(output.status().quietFor, 'a');
    await first[Symbol.asyncDispose]();
    const two = await lines(writer, 'two');
    await lower.turnTo('b');
    await bothPassed(lower);
    assert.equal(b.text(pathOf(1)), two);
    assert.deepEqual(b.gapsOf(streamId), [{ from: 0, to: one.length, cause: 'other-way' }]);
    const a = owned.use(await TestSite.start({ port, sameSiteAs: first }));
    await lower.turnTo('a');
    const three = await lines(writer, 'three');
    await bothPassed(lower);
    assert.equal(a.text(pathOf(1)), one + three);
    assert.equal(b.text(pathOf(1)), two);
    const missed = { from: one.length, to: one.length + two.length, cause: 'other-way' };
    assert.deepEqual(a.gapsOf(streamId), [missed]);
    assert.deepEqual([a.duplicates, b.duplicates], [0, 0]);
    assert.equal(output.status().counts['otherWay'], one.length);
    assert.equal(output.status().counts['lost'], 0);
    assert.equal(lower.events.filter(({ action }) => action === 'upstream-turned').length, 2);
  });

  test('gets what the other one has not acked, where that takes nothing', async () => {
    await using owned = new AsyncDisposableStack();
    const [a, b] = [owned.use(await TestSite.start()), owned.use(await TestSite.start())];
    const lower = owned.use(await LowerSite.open());
    const [writer, second] = [lower.writer(1), lower.writer(2, { type: 'other' })];
    await lower.start(a, { name: 'a' });
    await lower.start(b, standby);
    const one = await lines(writer, 'one');
    await bothPassed(lower);
    a.pause();
    const two = await lines(writer, 'two');
    const other = await lines(second, 'other');
    await lower.turnTo('b');
    await bothPassed(lower);
    assert.equal(b.text(pathOf(1)), two);
    assert.equal(b.text(pathOf(2)), other);
    a.resume();
    await lower.turnTo('a');
    const three = await lines(writer, 'three');
    await bothPassed(lower);
    // What it had taken in, and could not answer in time, it has as well.
    const atFirst = a.text(pathOf(1));
    assert.ok(atFirst.startsWith(one) && atFirst.endsWith(three), atFirst);
    assert.equal(b.text(pathOf(1)), two);
  });

  test('goes on where it was after a restart of the hub, and nothing is left out where both were away', async () => {
    await using owned = new AsyncDisposableStack();
    const [first, b] = [await TestSite.start(), owned.use(await TestSite.start())];
    const { port } = first;
    const lower = owned.use(await LowerSite.open());
    const writer = lower.writer(1);
    const start = async (site: TestSite): Promise<void> => {
      await lower.start(site, { name: 'a' });
      await lower.start(b, standby);
    };
    await start(first);
    const one = await lines(writer, 'one');
    await lower.passedOn('a');
    await first[Symbol.asyncDispose]();
    b.pause();
    await lower.stop();
    const two = await lines(writer, 'two');
    await start(first);
    b.resume();
    await lower.turnTo('b');
    await bothPassed(lower);
    assert.ok(b.text(pathOf(1)).endsWith(two));
    await lower.stop();
    const three = await lines(writer, 'three');
    const a = owned.use(await TestSite.start({ port, sameSiteAs: first }));
    await start(a);
    await bothPassed(lower);
    assert.ok(a.text(pathOf(1)).startsWith(one) && a.text(pathOf(1)).endsWith(three));
    // Every line is at one of them.
    const all = [a, b].map((site) => site.text(pathOf(1))).join('');
    for (const line of (one + two + three).trimEnd().split('\n')) assert.ok(all.includes(`${line}\n`), line);
  });
});
