import assert from 'node:assert/strict';
import { appendFile, rename, writeFile } from 'node:fs/promises';
import { test } from 'node:test';
import { listAt, numberAt } from '../harness/json.ts';
import { type ArchivedStream, readArchive } from '../harness/read-archive.ts';
import { requireTool } from '../harness/require.ts';
import { Stack } from '../harness/stack.ts';
import { until } from '../harness/until.ts';

const skip = (await requireTool('zstd')) ?? (await requireTool('python3'));
const deadlineMs = 120_000;

/** The records of one source, with their positions. */
function recordsOf(streams: readonly ArchivedStream[], source: string): { position: number; text: string; flags: string }[] {
  return streams
    .filter((stream) => stream.source === source)
    .flatMap(({ pieces, raw }) => {
      let at = 0;
      return pieces.map(({ position, bytes, flags }) => {
        at += bytes;
        return { position, flags, text: raw.toString('latin1', at - bytes, at) };
      });
    });
}

async function archived(stack: Stack, source: string, records: number): Promise<ReturnType<typeof recordsOf>> {
  return await until(
    `${records} records of ${source} are in the archive`,
    async () => {
      const found = recordsOf(await readArchive(stack.hub.archive), source);
      return found.length >= records && found;
    },
    { deadlineMs, everyMs: 200, detail: () => stack.tail() },
  );
}

/** Waits until the agent has seen the file to this end, whether or not it could send all of it. */
async function seenTo(stack: Stack, end: number): Promise<void> {
  await until(
    `the agent has seen ${end} bytes`,
    async () => {
      const status = await stack.agent.status();
      return status !== undefined && listAt(status, 'sources').some((source) => numberAt(source, 'size') === end);
    },
    { deadlineMs, detail: () => stack.tail() },
  );
}

test('a record of several lines is one, whatever happens to agent and file while it is written', { skip }, async () => {
  await using stack = await Stack.make({
    inputs: (logs) => [{ kind: 'file', paths: [`${logs}/*.log`], type: 'app', multiline: { preset: 'java', timeout: '1h' } }],
  });
  const path = stack.log('app.log');
  const parts = [
    'ERROR it failed\n',
    'java.lang.RuntimeException: outer\n\tat T.c(T.java:5)\n',
    'Caused by: X\n',
    '\tat T.a(T.java:3)\n',
  ];
  const [first = '', second = '', third = '', fourth = ''] = parts;
  const trace = parts.join('');

  await writeFile(path, `before\n${first}`);
  await stack.agent.start();
  await archived(stack, path, 1);
  await seenTo(stack, 7 + first.length);
  await stack.agent.program.kill();
  await appendFile(path, second);
  await stack.agent.start();
  await seenTo(stack, 7 + first.length + second.length);
  await appendFile(path, third);
  await rename(path, `${path}.1`);
  await appendFile(`${path}.1`, `${fourth}after\n`);
  await writeFile(path, 'a new file\nand its second record\n');

  const records = await archived(stack, path, 3);
  const expected = [
    { position: 0, flags: '', text: 'before\n' },
    { position: 7, flags: '', text: trace },
    { position: 0, flags: '', text: 'a new file\n' },
  ];
  const byText = (left: { text: string }, right: { text: string }): number => (left.text < right.text ? -1 : 1);
  assert.deepEqual(records.toSorted(byText), expected.toSorted(byText));
});

test('what a filter leaves out leaves holes, what it masks keeps its place', { skip }, async () => {
  await using stack = await Stack.make({
    inputs: (logs) => [
      {
        kind: 'file',
        paths: [`${logs}/*.log`],
        type: 'app',
        filters: { exclude: ['DEBUG'], redact: { presets: ['card', 'token'], patterns: ['(?<=user=)\\w+'] } },
      },
    ],
  });
  const path = stack.log('app.log');
  await writeFile(path, 'DEBUG a\nuser=me paid by 4111 1111 1111 1111\nDEBUG b\nDEBUG c\nBearer abcdefgh123\nDEBUG d\n');
  await stack.agent.start();
  const records = await archived(stack, path, 2);
  assert.deepEqual(records, [
    { position: 8, flags: '', text: `user=** paid by ${'*'.repeat(19)}\n` },
    { position: 60, flags: '', text: `Bearer ${'*'.repeat(11)}\n` },
  ]);
  // A file of which nothing is shipped is read and acknowledged to its end all the same.
  const silent = stack.log('silent.log');
  await writeFile(silent, 'DEBUG only\n'.repeat(1000));
  await seenTo(stack, 11_000);
  await until(
    'all of it is acknowledged',
    async () => {
      const status = await stack.agent.status();
      return numberAt(status, 'buffer', 'unackedBatches') === 0 && numberAt(status, 'sources', 1, 'lag') === 0;
    },
    { deadlineMs, detail: () => stack.tail() },
  );
  assert.deepEqual(recordsOf(await readArchive(stack.hub.archive), silent), []);
  // After another start nothing comes again, and what comes new has its place behind all that was left out.
  await stack.agent.program.stop();
  await stack.agent.start();
  await appendFile(path, 'last\n');
  const after = await archived(stack, path, 3);
  assert.deepEqual(after[2], { position: 87, flags: '', text: 'last\n' });
});

test('what is left out, masked and sampled is so once, whatever is killed meanwhile', { skip, timeout: 600_000 }, async () => {
  const filters = { exclude: ['DEBUG'], sample: { keep: 0.5, match: 'SOME' }, redact: { patterns: ['(?<=key=)\\S+'] } };
  await using stack = await Stack.make({
    inputs: (logs) => [{ kind: 'file', paths: [`${logs}/*.log`], type: 'app', filters }],
    agent: { batch: { flush_interval: '20ms' }, events: { enabled: false } },
  });
  const path = stack.log('app.log');
  let content = '';
  const write = async (text: string): Promise<void> => {
    content += text;
    await appendFile(path, text);
  };
  await write('DEBUG first\n');
  // Nothing but drops for a while, by an agent that is killed with them stored or not, and with no hub to tell them to.
  for (const crashPoint of ['agent.buffer.before-commit:2', 'agent.buffer.after-commit:3', 'agent.uplink.after-send:2']) {
    const program = await stack.agent.start({ crashPoint });
    await until(
      'the armed point ends the agent',
      async () => {
        await write('DEBUG nothing\n'.repeat(500));
        return !program.running;
      },
      { everyMs: 20, deadlineMs },
    );
    await program.exited;
  }
  await stack.hub.program.kill();
  await stack.agent.start();
  for (let round = 0; round < 3; round += 1) {
    // Masks lie on both sides of where the next agent looks at the bytes before its position.
    for (let index = 0; index < 50; index += 1) await write(`DEBUG no\nwith key=s${index} ${'x'.repeat(index)}\nSOME ${index}\n`);
    await seenTo(stack, content.length);
    await stack.agent.program.kill();
    await stack.agent.start();
  }
  await stack.hub.start();
  await write('the end\n');
  await until(
    'the end is in the archive',
    async () => recordsOf(await readArchive(stack.hub.archive), path).some(({ text }) => text === 'the end\n'),
    { deadlineMs, everyMs: 200, detail: () => stack.tail() },
  );
  const records = recordsOf(await readArchive(stack.hub.archive), path).toSorted((left, right) => left.position - right.position);
  const masked = content.replaceAll(/(?<=key=)\S+/g, (key) => '*'.repeat(key.length));
  for (const { position, text } of records) assert.equal(text, masked.slice(position, position + text.length));
  assert.equal(new Set(records.map(({ position }) => position)).size, records.length, 'nothing is there twice');
  assert.equal(records.filter(({ text }) => text.startsWith('with')).length, 150);
  const sampled = records.filter(({ text }) => text.startsWith('SOME')).length;
  assert(sampled > 30 && sampled < 120, `${sampled} of 150 are kept`);
  assert.equal(records.length, 150 + sampled + 1);
});

test('lines of UTF-16 end at its newlines, and too long ones are cut between characters', { skip }, async () => {
  await using stack = await Stack.make({
    inputs: (logs) => [{ kind: 'file', paths: [`${logs}/*.log`], type: 'app', encoding: 'utf-16le', max_line_bytes: 65 }],
  });
  const path = stack.log('wide.log');
  const long = 'x'.repeat(40);
  const lines = ['\u0a0a\u0d0a\n', `${long}\n`, 'end\n'];
  await writeFile(path, Buffer.from(lines.join(''), 'utf16le'));
  await stack.agent.start();
  const records = await archived(stack, path, 4);
  assert.deepEqual(
    records.map(({ flags, text }) => [Buffer.from(text, 'latin1').toString('utf16le'), flags]),
    [
      [lines[0], 'encoding:utf-16le'],
      ['x'.repeat(32), 'encoding:utf-16le partial'],
      [`${'x'.repeat(8)}\n`, 'encoding:utf-16le'],
      [lines[2], 'encoding:utf-16le'],
    ],
  );
});
