import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { appendFile, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { once } from 'node:events';
import { suite, test } from 'node:test';
import { at, parseJson } from '../harness/json.ts';
import { requireTool } from '../harness/require.ts';
import { Stack } from '../harness/stack.ts';
import { until } from '../harness/until.ts';

const deadlineMs = 120_000;
const withoutPromtool = await requireTool('promtool');

async function ready(stack: Stack): Promise<{ code: number | null; stdout: string; stderr: string }> {
  return await stack.agent.run('status', '--ready', '--config', stack.agent.configPath);
}

async function started(stack: Stack): Promise<void> {
  await stack.agent.start();
  await until('the agent is connected', async () => at(await stack.agent.status(), 'uplink', 'state') === 'connected', {
    deadlineMs,
  });
}

suite('tools of the agent', () => {
  test('status tells of inputs, files and what filters did; check explains them', async () => {
    await using stack = await Stack.make({
      inputs: (logs) => [
        { kind: 'file', paths: [`${logs}/*.log`], type: 'app', filters: { exclude: ['DEBUG'], redact: { presets: ['email'] } } },
        { kind: 'syslog', listen: ['tcp://127.0.0.1:0'] },
      ],
    });
    await writeFile(stack.log('a.log'), 'DEBUG no\nmail me@example.org\nplain\n');
    await started(stack);
    await until('all is read', async () => at(await stack.agent.status(), 'sources', 0, 'position') === 35, { deadlineMs });
    const status = await stack.agent.status();
    assert.deepEqual(at(status, 'counters', 'filtered'), { excluded: 1, sampledOut: 0, redacted: 1 });
    assert.deepEqual(at(status, 'readiness'), { ready: true, reasons: [] });
    assert.equal(at(status, 'inputs', 0, 'name'), 'file-1');
    assert.equal(at(status, 'inputs', 0, 'sources'), 1);
    assert.match(String(at(status, 'inputs', 1, 'listening', 0)), /^tcp:\/\/127\.0\.0\.1:\d+$/);
    const { stdout, code } = await stack.agent.run('status', '--config', stack.agent.configPath);
    assert.equal(code, 0);
    assert.match(stdout, /^ready {4}yes$/m);
    assert.match(stdout, /^filtered 1 records excluded, 0 not in the sample, 1 masked$/m);
    assert.match(stdout, /^ {2}syslog-2 \(type syslog\): 0 sources, 0 behind; listens at tcp:/m);
    assert.match(stdout, /^ {2}waiting {2}\S*\/a\.log {2}35 of 35, 0 behind$/m);
    await until('it is stored', async () => at(await stack.agent.status(), 'buffer', 'unackedBatches') === 0, { deadlineMs });
    const explained = await stack.agent.run('check', '--explain', '--config', stack.agent.configPath);
    assert.match(explained.stdout, /reads \S*\/a\.log: read to position 35, 35 bytes now; default\/app/);
    assert.match(explained.stdout, /records: lines, utf-8; without what matches DEBUG; masked: email/);
  });

  test('an agent is ready when it runs and listens, and not before or after', async () => {
    const taken = createServer();
    taken.listen(0, '127.0.0.1');
    await once(taken, 'listening');
    const address = taken.address();
    assert(address !== null && typeof address === 'object');
    await using stack = await Stack.make({
      inputs: () => [{ kind: 'lines', listen: [`tcp://127.0.0.1:${address.port}`], type: 'app' }],
    });
    await stack.agent.writeConfig();
    assert.equal((await ready(stack)).code, 3, 'nothing runs yet');
    await started(stack);
    await until('it could not listen', async () => at(await stack.agent.status(), 'inputs', 0, 'trouble') !== '', { deadlineMs });
    const refused = await ready(stack);
    assert.equal(refused.code, 3);
    assert.match(refused.stdout, /^not ready: lines-1 listens at 0 of 1 addresses: .*EADDRINUSE/);
    taken.close();
    await until('the port is free and it listens', async () => (await ready(stack)).code === 0, { deadlineMs });
    assert.equal((await ready(stack)).stdout, 'ready\n');
    await stack.agent.program.stop();
    assert.equal((await ready(stack)).code, 3, 'it runs no more');
  });

  test('tap shows records as they are shipped, and ends by itself when asked to', async () => {
    await using stack = await Stack.make({
      inputs: (logs) => [
        { kind: 'file', paths: [`${logs}/*.log`], type: 'app', filters: { redact: { presets: ['card'] } } },
        { kind: 'file', paths: [`${logs}/*.txt`], type: 'other' },
      ],
    });
    await started(stack);
    const tapped = stack.agent.run('tap', '--json', '--type', 'app', '--count', '3', '--config', stack.agent.configPath);
    let over = false;
    const done = tapped.finally(() => (over = true));
    let line = 0;
    await until(
      'it has shown enough',
      async () => {
        await appendFile(stack.log('a.log'), `line ${line} of 4111111111111111\n`);
        await appendFile(stack.log('b.txt'), `other ${line}\n`);
        line += 1;
        return over;
      },
      { deadlineMs },
    );
    const { code, stdout, stderr } = await done;
    assert.equal(code, 0, stderr);
    const records = stdout
      .trimEnd()
      .split('\n')
      .map((text) => parseJson(text));
    assert.equal(records.length, 3);
    for (const record of records) {
      assert.match(String(at(record, 'text')), /^line \d+ of \*{16}$/);
      assert.deepEqual([at(record, 'type'), at(record, 'input')], ['app', 'file-1']);
    }
    const absent = await stack.agent.run('tap', '--rate', '0', '--config', stack.agent.configPath);
    assert.equal(absent.code, 1);
    assert.match(absent.stderr, /rate must be a number of records a second/);
  });

  test(
    'metrics are served on a loopback port, and Prometheus has nothing to say against them',
    { skip: withoutPromtool },
    async () => {
      await using stack = await Stack.make({ agent: { prometheus: { listen: '127.0.0.1:0' } } });
      await writeFile(stack.log('a.log'), 'one\ntwo\n');
      await started(stack);
      await until('both lines are read', async () => at(await stack.agent.status(), 'sources', 0, 'position') === 8, {
        deadlineMs,
      });
      const logged = await until(
        'the port is told',
        () => stack.agent.program.logs.find(({ message }) => message === 'metrics are served'),
        { deadlineMs },
      );
      const address = String(logged.fields['address']);
      const response = await fetch(`http://${address}/metrics`);
      const text = await response.text();
      assert.equal(response.status, 200);
      assert.match(text, /^tributary_agent_input_sources\{input="file-1",type="app"\} 1$/m);
      assert.match(text, /^tributary_agent_connected 1$/m);
      assert.match(text, /^tributary_agent_sources_lagging\{more_than_bytes="0"\} 0$/m);
      assert.equal((await fetch(`http://${address}/ready`)).status, 200);
      assert.equal((await fetch(`http://${address}/other`)).status, 404);
      assert.equal((await fetch(`http://${address}/metrics`, { method: 'POST' })).status, 405);
      const checked = Promise.withResolvers<string>();
      const promtool = execFile('promtool', ['check', 'metrics'], (error, stdout, stderr) => {
        checked.resolve(`${error === null ? '' : error.message}${stdout}${stderr}`);
      });
      promtool.stdin?.end(text);
      assert.equal(await checked.promise, '');
    },
  );

  test('metrics for others than this machine are refused with the place in the file', async () => {
    await using stack = await Stack.make({ agent: { prometheus: { listen: '0.0.0.0:9701' } } });
    await stack.agent.writeConfig();
    const { code, stderr } = await stack.agent.run('check', '--config', stack.agent.configPath);
    assert.equal(code, 2);
    assert.match(stderr, /:\d+:\d+: prometheus\.listen: must be an address of this machine only/);
  });
});
