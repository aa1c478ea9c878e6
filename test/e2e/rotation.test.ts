/** The agent rotates logs whose writers never stop, as processes of their own. */
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { appendFileSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { test } from 'node:test';
import { promisify } from 'node:util';
import { zstdDecompressSync } from 'node:zlib';
import { archivedRawBytes } from '../harness/archive-objects.ts';
import { AppenderHost } from '../harness/ledger/appender-host.ts';
import { checkArchive, isClean } from '../harness/ledger/check.ts';
import { runCopytruncate } from '../harness/ledger/copytruncate.ts';
import { runRotation } from '../harness/ledger/rotation.ts';
import { testPrograms } from '../harness/programs.ts';
import { requireTool } from '../harness/require.ts';
import { at } from '../harness/json.ts';
import { Stack } from '../harness/stack.ts';
import { until } from '../harness/until.ts';

const skip = (await requireTool('zstd')) ?? (await requireTool('python3')) ?? (await requireTool('logrotate'));
const hourly = '0 * * * *';

interface Group {
  readonly [option: string]: unknown;
}

async function stackWith(group: (logs: string) => Group, config: Group = {}): Promise<Stack> {
  const logs = { path: '' };
  // The folder is known only when the stack is made: its rotation comes with the first configuration after that.
  const stack = await Stack.make({
    inputs: (folder) => {
      logs.path = folder;
      return [{ kind: 'file', paths: [`${folder}/app.log*`], type: 'app' }];
    },
    agent: {
      get rotation() {
        return [{ name: 'app', paths: [`${logs.path}/app.log`], ...group(logs.path) }];
      },
      events: { enabled: false },
      ...config,
    },
  });
  return stack;
}

function rotatedOf(stack: Stack): readonly string[] {
  return readdirSync(stack.logs)
    .filter((name) => name.startsWith('app.log-'))
    .toSorted();
}

async function archived(stack: Stack, bytes: number): Promise<void> {
  const isArchived = async (): Promise<boolean> => (await archivedRawBytes(stack.hub.archive)) >= bytes;
  await until(`${bytes} bytes are archived`, isArchived, { deadlineMs: 120_000, detail: () => stack.tail() });
}

test('a writer that never stops, by collapsing: all arrives, and the copies are the log', { skip }, async () => {
  await using stack = await stackWith(() => ({ mode: 'copytruncate', max_size: '1MiB', cut: 'collapse' }));
  const shadows = await stack.scratch.folder('shadows');
  const paths = { path: stack.log('app.log'), shadows, pidFile: stack.log('app.pid') };
  await using appender = await AppenderHost.start({ ...paths, stream: 0, seed: 1, bytesPerSecond: 8_000_000 });
  await stack.agent.start();
  await until('it was rotated a few times', () => rotatedOf(stack).length >= 4, { detail: () => stack.tail() });
  const written = await appender.stop();
  const bytes = written.reduce((sum, file) => sum + file.bytes, 0);
  await archived(stack, bytes);
  await stack.agent.program.stop();
  await stack.hub.program.stop();
  const verdict = await checkArchive({ archive: stack.hub.archive, written, manifestPath: stack.scratch.file('manifest.json') });
  assert.ok(isClean(verdict), JSON.stringify(verdict));
  assert.equal(verdict.streams, 1, 'it stayed one stream');
  const copies = rotatedOf(stack).map((name) => zstdDecompressSync(readFileSync(stack.log(name))));
  const whole = Buffer.concat([...copies, readFileSync(paths.path)]);
  assert.ok(whole.equals(readFileSync(written[0]?.path ?? '')), 'copies and rest are what was written');
});

test('rotated by us and by logrotate at the same time: all arrives', { skip }, async () => {
  await using stack = await stackWith((logs) => ({
    max_size: '300KiB',
    compress_after: '0s',
    signal: { pid_file: `${logs}/app.pid` },
  }));
  const shadows = await stack.scratch.folder('shadows');
  const pidFile = stack.log('app.pid');
  const path = stack.log('app.log');
  await using appender = await AppenderHost.start({ path, shadows, pidFile, stream: 0, seed: 2, bytesPerSecond: 1_000_000 });
  await stack.agent.start();
  const config = stack.scratch.file('logrotate.conf');
  const script = `postrotate\n    kill -HUP $(cat ${pidFile})\n  endscript`;
  await writeFile(config, `${path} {\n  rotate 100\n  size 1\n  nocreate\n  missingok\n  ${script}\n}\n`, { mode: 0o644 });
  const state = stack.scratch.file('logrotate.state');
  for (let round = 0; round < 4; round += 1) {
    const before = rotatedOf(stack).length;
    await until('the agent rotates', () => rotatedOf(stack).length > before, { detail: () => stack.tail() });
    await promisify(execFile)('logrotate', ['--force', '--state', state, config]);
  }
  const written = await appender.stop();
  await archived(
    stack,
    written.reduce((sum, file) => sum + file.bytes, 0),
  );
  await stack.agent.program.stop();
  await stack.hub.program.stop();
  const verdict = await checkArchive({ archive: stack.hub.archive, written, manifestPath: stack.scratch.file('manifest.json') });
  assert.ok(isClean(verdict), JSON.stringify(verdict));
  assert.ok(written.length > 4, 'the writer followed');
});

test('`rotate` rotates now, and says what it did', { skip }, async () => {
  await using stack = await stackWith(() => ({ schedule: hourly, compress: 'none' }));
  const { agent } = stack;
  const rotate = async (...args: string[]): ReturnType<typeof agent.run> =>
    await agent.run('rotate', '--config', agent.configPath, ...args);
  await agent.writeConfig();
  assert.match((await rotate()).stderr, /no tributary-agent answers/);
  writeFileSync(stack.log('app.log'), 'one\n');
  await agent.start();
  await archived(stack, 4);
  assert.match((await rotate('other')).stderr, /there is no rotation group other; there are: app/);
  const done = await rotate('app');
  assert.equal(done.code, 0, done.stderr);
  const [name] = rotatedOf(stack);
  assert.equal(done.stdout, `app: ${stack.log('app.log')} → ${stack.log(name ?? '')}, 4 bytes\n`);
  appendFileSync(stack.log(name ?? ''), 'late\n');
  await archived(stack, 9);
  const again = await rotate('--json');
  assert.equal(again.code, 0);
  assert.deepEqual(JSON.parse(again.stdout).groups[0].rotated, []);
});

test('nothing is removed before a hub has it', { skip }, async () => {
  await using stack = await stackWith(() => ({ schedule: hourly, compress: 'none', keep: { count: 0 } }));
  const { agent, hub } = stack;
  writeFileSync(stack.log('app.log'), 'one\n');
  await agent.start();
  await archived(stack, 4);
  await hub.program.stop();
  appendFileSync(stack.log('app.log'), 'two\n');
  const isRead = async (): Promise<boolean> => JSON.stringify(await agent.status()).includes('"position":8');
  await until('the second line is read', isRead, { detail: () => stack.tail() });
  const rotated = await agent.run('rotate', '--config', agent.configPath);
  assert.equal(rotated.code, 0, rotated.stdout);
  const isBlocked = (): boolean => agent.program.logs.some(({ fields }) => fields['event'] === 'rotation-blocked');
  await until('the removal waits', isBlocked, { detail: () => stack.tail() });
  assert.equal(rotatedOf(stack).length, 1);
  const status = await agent.run('status', '--config', agent.configPath);
  assert.match(
    status.stdout,
    /rotation app: 1 file, 1 rotations[^\n]*; 1 rotated files of 8 B kept\n  waits    .*acknowledged by a hub/,
  );
  await hub.start();
  await until('it is removed', () => rotatedOf(stack).length === 0, { deadlineMs: 120_000, detail: () => stack.tail() });
  await archived(stack, 8);
});

test('with expire_unshipped it is removed all the same, and what is lost is counted to the byte', { skip }, async () => {
  const group = { schedule: hourly, compress: 'none', keep: { count: 0 }, expire_unshipped: true };
  const buffer = { max_bytes: '4MiB', reserve_bytes: '2MiB' };
  await using stack = await stackWith(() => group, { buffer });
  const { agent, hub } = stack;
  writeFileSync(stack.log('app.log'), 'one\n');
  await agent.start();
  await archived(stack, 4);
  await hub.program.stop();
  // More than the buffer and the memory before it hold, as it compresses by a quarter at most: the rest waits in place.
  const lines = Array.from({ length: 24_000 }, () => `${randomBytes(700).toString('base64')}\n`).join('');
  appendFileSync(stack.log('app.log'), lines);
  const isFull = async (): Promise<boolean> => JSON.stringify(await agent.status()).includes('"state":"full"');
  await until('the buffer is full', isFull, { deadlineMs: 120_000, detail: () => stack.tail() });
  await agent.run('rotate', '--config', agent.configPath);
  const losses = (): readonly number[] =>
    agent.program.logs.filter(({ fields }) => fields['event'] === 'data-lost').map(({ fields }) => Number(fields['bytes']));
  await until('the loss is told', () => losses().length === 1, { detail: () => stack.tail() });
  assert.deepEqual(rotatedOf(stack), []);
  const [lost = 0] = losses();
  assert.ok(lost > 0 && lost < lines.length);
  assert.equal(at(await agent.status(), 'abandonedBytes', 'expired'), lost);
  await hub.start();
  await archived(stack, 4 + lines.length - lost);
  await agent.program.stop();
  await hub.program.stop();
  assert.equal(await archivedRawBytes(hub.archive), 4 + lines.length - lost);
});

test('a changed configuration changes the groups', { skip }, async () => {
  await using stack = await stackWith(() => ({ max_size: '1GiB', unread: 'rotate' }));
  const { agent } = stack;
  writeFileSync(stack.log('app.log'), 'x'.repeat(5000));
  await agent.start();
  await until('the agent runs', async () => (await agent.status()) !== undefined);
  const config = JSON.parse(readFileSync(agent.configPath, 'utf8'));
  writeFileSync(agent.configPath, JSON.stringify({ ...config, rotation: [{ ...config.rotation[0], max_size: '4KiB' }] }));
  await until('it is rotated', () => rotatedOf(stack).length === 1, { detail: () => stack.tail() });
  assert.equal(statSync(stack.log(rotatedOf(stack)[0] ?? '')).size, 5000);
});

for (const [name, run] of [
  ['rotation', runRotation],
  ['copytruncate', runCopytruncate],
] as const) {
  test(`kills during the scenario ${name} lose, double and disorder nothing`, { skip, timeout: 600_000 }, async (context) => {
    const [seed, rounds] = [Math.floor(Math.random() * 1e9), 5];
    context.diagnostic(`replay with: npm run ledger -- --scenario ${name} --rounds ${rounds} --seed ${seed}`);
    const lines: string[] = [];
    const result = await run({ programs: testPrograms, rounds, seed, log: (line) => lines.push(line) });
    assert.ok(isClean(result.verdict), `seed ${seed}\n${lines.join('\n')}\n${JSON.stringify(result)}`);
  });
}
