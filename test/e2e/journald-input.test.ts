/** A journal that grows while the agent is killed at its worst moments: every entry is in the archive once, in order. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { archivedStreams } from '../harness/archived-records.ts';
import { textAt, parseJson } from '../harness/json.ts';
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

test('no entry of a journal is lost or doubled by kills of the agent', { skip, timeout: 120_000 }, async () => {
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
