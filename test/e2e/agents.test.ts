/** What a person sees of an agent by HTTP: how it and its machine are, what happened to it, its charts; and what of it outlives the hub. */
import assert from 'node:assert/strict';
import { appendFile, readFile, writeFile } from 'node:fs/promises';
import { test } from 'node:test';
import { greet } from '../harness/agent-door.ts';
import { at, listAt, numberAt, parseJson, textAt } from '../harness/json.ts';
import { Stack } from '../harness/stack.ts';
import { until } from '../harness/until.ts';

async function readerOf(stack: Stack, tenant = 'default'): Promise<(path: string) => Promise<unknown>> {
  const { hub } = stack;
  const given = ['--tenant', tenant, '--scope', 'read', '--json', '--config', hub.configPath];
  const { code, stdout, stderr } = await hub.run('token', 'create', ...given);
  assert.equal(code, 0, stderr);
  const authorization = `Bearer ${textAt(parseJson(stdout), 'token')}`;
  return async (path) => {
    const response = await fetch(`http://127.0.0.1:${await hub.portOf('http')}/api/v1/${path}`, { headers: { authorization } });
    const body: unknown = parseJson(await response.text());
    assert.equal(response.status, 200, JSON.stringify(body));
    return body;
  };
}

test(
  'an agent is shown with its files, its books, its events and its charts, also after a restart of the hub',
  { timeout: 600_000 },
  async () => {
    const hub = { listeners: { http: { address: '127.0.0.1:0' } } };
    const agent = { events: { measured: '1s' }, labels: { rack: '7' } };
    const metrics = { kind: 'metrics', interval: '1s', intervals: { filesystem: '1s' }, containers: false };
    const files = (logs: string): Record<string, unknown> => ({ kind: 'file', paths: [`${logs}/*.log`], type: 'app' });
    await using stack = await Stack.make({ hub, agent, inputs: (logs) => [files(logs), metrics] });
    const get = await readerOf(stack);
    const options = { everyMs: 200, detail: () => stack.tail() };
    await writeFile(stack.log('app.log'), 'one\ntwo\n');
    await stack.agent.start();
    const row = await until(
      'the agent told how it is',
      async () => listAt(await get('agents?label=rack:7'), 'agents').find((one) => at(one, 'lagBytes') !== undefined),
      options,
    );
    const id = textAt(row, 'agentId');
    assert.partialDeepStrictEqual(row, {
      kind: 'agent',
      connected: true,
      tenants: ['default'],
      labels: { rack: '7' },
      revoked: false,
    });
    assert.deepEqual(listAt(await get('agents?label=rack:8'), 'agents'), []);

    await appendFile(stack.log('app.log'), 'three\n');
    const told = await until(
      'all that was read is acknowledged',
      async () => {
        const one = await get(`agents/${id}`);
        const streams = listAt(one, 'streams');
        const isHeld = streams.some((stream) => at(stream, 'channel') === 'default/app' && at(stream, 'held') === 14);
        return isHeld && numberAt(one, 'books', 'read') >= 3 && at(one, 'books', 'buffered') === 0 && one;
      },
      options,
    );
    assert.equal(at(told, 'books', 'unaccounted'), 0);
    assert.equal(at(told, 'inputs', 0, 'state'), 'running');
    assert.equal(at(told, 'files', 0, 'path'), stack.log('app.log'));
    await until(
      'it is told what happened',
      async () => listAt(await get(`agents/${id}/events`), 'events').some((event) => at(event, 'action') === 'file-opened'),
      options,
    );
    // What it measures of itself, and of its machine.
    const series = ['records', 'cpu', 'load1', 'memory', 'disk', 'net_in'];
    const charted = async (): Promise<boolean> => {
      const chart = await get(`agents/${id}/charts?series=${series.join(',')}`);
      const drawn = listAt(chart, 'series').filter((one) => listAt(one, 'values').some((value) => value !== null));
      return drawn.length === series.length;
    };
    await until('there is a chart', charted, options);

    await stack.agent.program.stop();
    await until('it is gone', async () => at(await get(`agents/${id}`), 'connected') === false, options);
    const missed = async (): Promise<unknown> => {
      const red = listAt(await get('agents'), 'agents').find((one) => at(one, 'state') === 'red');
      return at(red, 'sinceMs');
    };
    const missedSince = await until('it is missed', missed, options);
    const isKept = async (): Promise<boolean> =>
      (await readFile(`${stack.hub.dataDir}/findings.json`, 'utf8').catch(() => '')).includes('agent-silent');
    await until('since when is kept', isKept, options);
    await stack.hub.program.stop();
    await stack.hub.start();
    const known = await until(
      'it is known again, with what it told before',
      async () => listAt(await get('agents'), 'agents').find((one) => at(one, 'lagBytes') !== undefined),
      options,
    );
    assert.partialDeepStrictEqual(known, { agentId: id, connected: false, lagBytes: 0, labels: { rack: '7' } });
    await until('its charts are there, which were stored', charted, options);
    assert.equal(await until('it is missed again', missed, options), missedSince);
  },
);

test('agents without a certificate that were there for a moment only are missed', { timeout: 600_000 }, async () => {
  await using stack = await Stack.make({ hub: { listeners: { http: { address: '127.0.0.1:0' } } } });
  const get = await readerOf(stack, '*');
  const port = await stack.hub.portOf('agents');
  const ids = ['1a', '2b', '3c'].map((two) => two.repeat(16));
  for (const agentId of ids) {
    const { kind } = await greet(port, undefined, { agentId, instanceId: agentId, bootId: agentId });
    assert.equal(kind, 'welcome');
  }
  const isMissed = async (): Promise<boolean> => {
    const nodes = listAt(await get('health?kind=agent'), 'nodes');
    return ids.every((id) => nodes.some((node) => textAt(node, 'id').includes(id) && at(node, 'state') === 'red'));
  };
  await until('each is missed', isMissed, { detail: () => stack.tail() });
});

test(
  "an agent's machine that is fuller than the hub's configuration has it colours the agent",
  { timeout: 600_000 },
  async () => {
    const listeners = { http: { address: '127.0.0.1:0' } };
    const rulesOf = (yellow: number): object => ({ agent_disk: { yellow, red: 100 }, agent_memory: { yellow, red: 100 } });
    const metrics = { kind: 'metrics', interval: '1s', intervals: { filesystem: '1s' }, containers: false };
    await using stack = await Stack.make({ hub: { listeners, health: { rules: rulesOf(100) } }, inputs: () => [metrics] });
    const get = await readerOf(stack, '*');
    await stack.agent.start();
    const causes = async (): Promise<string> => {
      const nodes = listAt(await get('health?kind=agent'), 'nodes');
      return nodes.map((node) => JSON.stringify(at(node, 'causes'))).join();
    };
    const options = { everyMs: 200, detail: () => stack.tail() };
    await until(
      'the machine is known',
      async () => (await get('agents').then((all) => at(all, 'agents', 0, 'diskPercent'))) !== undefined,
      options,
    );
    assert.doesNotMatch(await causes(), /agent-(disk|memory)/);
    await stack.hub.configure({ listeners, health: { rules: rulesOf(1) } });
    stack.hub.program.signal('SIGHUP');
    const isTold = async (): Promise<boolean> => /agent-disk/.test(await causes()) && /agent-memory/.test(await causes());
    await until('both are found', isTold, options);
    assert.match(await causes(), /: \/\S* is \d+ % full: make room there/);
    await stack.hub.configure({ listeners, health: { rules: rulesOf(100) } });
    stack.hub.program.signal('SIGHUP');
    await until('they are no more', async () => !/agent-(disk|memory)/.test(await causes()), options);
  },
);
