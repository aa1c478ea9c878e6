/** A journal that grows while the agent is killed at its worst moments: every entry is in the archive once, in order. */
import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { test } from 'node:test';
import { archivedStreams } from '../harness/archived-records.ts';
import { at, numberAt, parseJson, textAt } from '../harness/json.ts';
import { JournalWriter } from '../harness/journal-writer.ts';
import { requireTool } from '../harness/require.ts';
import { Stack } from '../harness/stack.ts';
import { until } from '../harness/until.ts';

const skip = (await requireTool('systemd-journal-remote')) ?? (await requireTool('zstd')) ?? (await requireTool('python3'));

const crashPoints = [
  'agent.buffer.before-insert:2',
  'agent.buffer.before-commit:2',
  'agent.buffer.after-commit:2',
  'agent.uplink.after-send:2',
  'agent.uplink.after-ack:2',
];
const entriesPerRound = 200;

test('no entry of a journal is lost or doubled by kills of the agent', { skip, timeout: 600_000 }, async () => {
  const journal = { kind: 'journald', type: 'journal', priority: 'info' };
  await using stack = await Stack.make({
    inputs: (logs) => [{ ...journal, directory: logs }],
    agent: { batch: { flush_interval: '20ms' }, events: { enabled: false } },
  });
  const expected: string[] = [];
  let file = 0;
  for (const crashPoint of [...crashPoints, undefined]) {
    // A new file in each round: what journald's rotation leaves.
    file += 1;
    await using writer = new JournalWriter(stack.log(`part-${file}.journal`));
    const program = await stack.agent.start({ crashPoint });
    for (let index = 0; index < entriesPerRound; index += 1) {
      const message = `round ${file} entry ${index}`;
      expected.push(message);
      await writer.write({ MESSAGE: message, PRIORITY: '6' }, { MESSAGE: 'not wanted', PRIORITY: '7' });
    }
    if (crashPoint === undefined) break;
    await keepWriting(writer, expected, () => program.running);
    await program.exited;
  }
  const streams = await archivedStreams(stack, 'default/journal', expected.length);
  const messages = streams.flatMap(({ raw }) => {
    const lines = raw.toString().trimEnd().split('\n');
    return lines.map((line) => textAt(parseJson(line), 'MESSAGE'));
  });
  assert.deepEqual(messages, expected);
  assert.equal(streams.length, 1, 'it stayed one stream');
});

test('a full buffer makes the journal wait, and a kill in it loses and doubles nothing', { skip, timeout: 600_000 }, async () => {
  await using stack = await Stack.make({
    inputs: (logs) => [{ kind: 'journald', type: 'journal', directory: logs, max_field_bytes: '512KiB' }],
    agent: { events: { enabled: false }, buffer: { max_bytes: '4MiB', replay_window: '0s' } },
  });
  await stack.agent.start();
  await until('the hub knows the agent', async () => at(await stack.agent.status(), 'state') === 'running', {
    detail: () => stack.tail(),
  });
  await stack.agent.program.kill();
  await stack.hub.program.kill();
  {
    await using writer = new JournalWriter(stack.log('a.journal'));
    for (let index = 0; index < 200; index += 1) {
      // Bytes that do not compress, as a core dump's; some more than a record may have.
      const dump = randomBytes(index % 50 === 0 ? 4 * 1024 * 1024 : 20_000);
      await writer.write({ MESSAGE: `entry ${index}`, COREDUMP: dump, EMPTY: '', TWICE: ['a', 'b'] });
    }
  }
  for (let kill = 0; kill < 3; kill += 1) {
    await stack.agent.start();
    const isFull = async (): Promise<boolean> => at(await stack.agent.status(), 'buffer', 'state') === 'full';
    await until('the buffer is full', isFull, { detail: () => stack.tail(), deadlineMs: 120_000 });
    await stack.agent.program.kill();
  }
  await stack.hub.start();
  await stack.agent.start();
  const streams = await archivedStreams(stack, 'default/journal', 200);
  const records = streams.flatMap(({ raw }) =>
    raw
      .toString()
      .trimEnd()
      .split('\n')
      .map((line) => parseJson(line)),
  );
  assert.deepEqual(
    records.map((record) => textAt(record, 'MESSAGE')),
    Array.from({ length: 200 }, (_, index) => `entry ${index}`),
  );
  assert.deepEqual([at(records[1], 'EMPTY'), at(records[1], 'TWICE')], ['', ['a', 'b']]);
  assert.equal(numberAt(records[0], '_TRIBUTARY_CUT', 'COREDUMP'), 4 * 1024 * 1024);
});

/** A point is reached with the second batch or so: entries come until it is. */
async function keepWriting(writer: JournalWriter, expected: string[], isRunning: () => boolean): Promise<void> {
  await until(
    'the armed point ends the agent',
    async () => {
      if (!isRunning()) return true;
      const message = `more ${expected.length}`;
      expected.push(message);
      await writer.write({ MESSAGE: message, PRIORITY: '6' });
      return false;
    },
    { everyMs: 10 },
  );
}
