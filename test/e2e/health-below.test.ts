/**
 * An agent of a site below stops, and the top site shows it at its own place; the link is cut, and the site is unknown; what happened
 * meanwhile is told when it is back. Who may look at another tenant sees nothing of it.
 */
import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { get } from 'node:https';
import { test } from 'node:test';
import { AgentHost } from '../harness/agent-host.ts';
import { enrolBelow } from '../harness/enrol-below.ts';
import { FaultyProxy } from '../harness/faulty-proxy.ts';
import { HubHost } from '../harness/hub-host.ts';
import { at, listAt, parseJson, textAt } from '../harness/json.ts';
import { testPrograms as programs } from '../harness/programs.ts';
import { Scratch } from '../harness/scratch.ts';
import { until } from '../harness/until.ts';

type Ask = (path: string, tenant?: string) => Promise<unknown>;

async function askerOf(hub: HubHost): Promise<Ask> {
  const port = await hub.portOf('http');
  const ca = await readFile(`${hub.dataDir}/pki/ca.crt`, 'utf8');
  const tokens = new Map<string, string>();
  for (const tenant of ['*', 'bank']) tokens.set(tenant, await hub.createToken('--scope', 'read', '--tenant', tenant));
  return (path, tenant = '*') =>
    new Promise((resolve, reject) => {
      const headers = { authorization: `Bearer ${tokens.get(tenant)}` };
      get({ host: '127.0.0.1', port, path: `/api/v1/${path}`, ca, headers, agent: false }, (answer) => {
        let text = '';
        answer.setEncoding('utf8');
        answer.on('data', (part: string) => (text += part));
        answer.on('end', () => resolve(parseJson(text)));
      }).on('error', reject);
    });
}

test('the top site knows of an agent of a site below, and of what it missed', { timeout: 600_000 }, async () => {
  await using owned = new AsyncDisposableStack();
  const scratch = owned.use(await Scratch.make());
  const archive = { kind: 'archive', roll_interval: '300ms' };
  const http = { listeners: { http: { address: '127.0.0.1:0' } } };
  const centre = owned.use(
    new HubHost({ programs, scratch, name: 'centre', tls: true, config: { outputs: [archive], ...http } }),
  );
  const edge = owned.use(new HubHost({ programs, scratch, name: 'edge', config: { outputs: [archive] } }));
  await Promise.all([centre.start(), edge.start()]);
  let isLinked = true;
  const link = owned.use(
    await FaultyProxy.start({
      tls: true,
      target: () => (isLinked ? { host: '127.0.0.1', port: centre.port } : undefined),
      plan: () => ({ toHub: {}, toAgent: {} }),
    }),
  );
  await enrolBelow(edge, centre, link.port, 'centre');
  await edge.configure({
    outputs: [archive, { kind: 'upstream', name: 'centre', hubs: [`wss://127.0.0.1:${link.port}`] }],
  });
  process.kill(edge.program.pid, 'SIGHUP');
  const agent = owned.use(new AgentHost({ programs, scratch, hubs: () => [edge.url] }));
  await agent.start();

  const ask = await askerOf(centre);
  const below = `site/${textAt(await edge.status(), 'site', 'siteId')}`;
  const detail = (): string => [centre, edge].map((one) => one.program.tail()).join('\n');
  const wait = (what: string, check: () => Promise<boolean>): Promise<boolean> => until(what, check, { everyMs: 200, detail });
  const node = async (id: string): Promise<unknown> => {
    return listAt(await ask(`health?under=${id}&limit=1000`), 'nodes').find((one) => at(one, 'id') === id);
  };
  const isAt = async (id: string, state: string): Promise<boolean> => at(await node(id), 'state') === state;
  const agents = async (): Promise<unknown> => at(await edge.status(), 'health', 'counts', 'agent');
  await wait('the agent is known at the edge', async () => at(await agents(), 'green') === 1);
  await wait('all is well at the top', () => isAt(below, 'green'));

  await agent.program.kill();
  await wait('the site below is red', () => isAt(below, 'red'));
  const { nodes } = { nodes: listAt(await ask(`health?under=${below}&kind=agent`), 'nodes') };
  assert.deepEqual(
    nodes.map((one) => [at(one, 'state'), at(one, 'causes', 0, 'kind')]),
    [['red', 'agent-silent']],
  );
  assert.match(textAt(nodes[0], 'reason'), /is not connected since/);
  assert.ok(await isAt('agents', 'green'), 'the agents of the top are its own');
  const lost = textAt(nodes[0], 'id');

  isLinked = false;
  link.dropAll();
  await wait('nothing certain is known of the site below', async () => {
    return listAt(await node(below), 'causes').some((cause) => at(cause, 'kind') === 'site-silent');
  });
  await agent.start();
  await wait('the agent is back at the edge', async () => at(await agents(), 'green') === 1);
  isLinked = true;
  await wait('the site below is well again', () => isAt(below, 'green'));
  const changes = listAt(await ask('health/changes?limit=1000'), 'changes').filter((one) => at(one, 'node') === lost);
  assert.deepEqual(
    changes.map((one) => `${textAt(one, 'from')} ${textAt(one, 'to')}`),
    ['red green', 'green red'],
  );

  const stranger = await ask('health', 'bank');
  assert.partialDeepStrictEqual(stranger, { state: 'unknown', nodes: [], counts: {} });
  assert.equal(at(await ask('health/channels/default', 'bank'), 'error'), 'unknown');
  assert.equal(at(await ask('health/platform', 'bank'), 'error'), 'forbidden');
});
