/** Who comes in at the agents' port with which certificate, and what becomes of it: real processes, real certificates of all kinds. */
import assert from 'node:assert/strict';
import { appendFileSync, readFileSync, writeFileSync } from 'node:fs';
import { after, before, suite, test } from 'node:test';
import { decodeEnrolmentToken } from '@tributary/protocol/enrolment/enrolment-token.ts';
import { greet, knock } from '../harness/agent-door.ts';
import { AgentHost } from '../harness/agent-host.ts';
import { enrolWith, newMachine, renewWith } from '../harness/enrolment-client.ts';
import { at, listAt, textAt } from '../harness/json.ts';
import { testPrograms } from '../harness/programs.ts';
import { readArchive } from '../harness/read-archive.ts';
import { requireTool } from '../harness/require.ts';
import { Stack } from '../harness/stack.ts';
import { type Issued, TestAuthority } from '../harness/test-authority.ts';
import { until } from '../harness/until.ts';

const skip = (await requireTool('zstd')) ?? (await requireTool('python3'));
const hourMs = 3_600_000;

suite('the door of the agents', { skip, timeout: 600_000 }, () => {
  let stack: Stack;
  let site: TestAuthority;
  let siteId: string;
  before(async () => {
    stack = await Stack.make({ tls: true });
    const read = (name: string): string => readFileSync(`${stack.hub.dataDir}/pki/${name}`, 'utf8');
    site = await TestAuthority.load({ cert: read('ca.crt'), key: read('ca.key') });
    siteId = textAt(await stack.hub.status(), 'site', 'siteId');
  });
  after(async () => await stack[Symbol.asyncDispose]());

  const agentNames = (agentId = 'b'.repeat(32)) => ({ kind: 'agent', siteId, agentId, tenant: 'default' }) as const;

  const refused: Readonly<Record<string, readonly [make: () => Promise<Issued | undefined>, error: string, hint: RegExp]>> = {
    'no certificate': [() => Promise.resolve(undefined), 'no-certificate', /enrol this one with tributary-agent enroll TOKEN/],
    'one of another authority with every name right': [
      async () => await (await TestAuthority.make()).issue({ names: agentNames() }),
      'other-authority',
      /not of the authority of site test/,
    ],
    'one of an authority that only calls itself as ours does': [
      async () => await (await TestAuthority.make('Tributary site test')).issue({ names: agentNames() }),
      'other-authority',
      /not of the authority/,
    ],
    'one that has expired': [
      async () => await site.issue({ names: agentNames(), fromMs: -2 * hourMs, untilMs: -hourMs }),
      'expired',
      /expired on \d{4}-\d\d-\d\d/,
    ],
    'one that is not valid yet': [
      async () => await site.issue({ names: agentNames(), fromMs: hourMs }),
      'expired',
      /not valid before/,
    ],
    'one of another site': [
      async () => await site.issue({ names: { ...agentNames(), siteId: 'c'.repeat(32) } }),
      'other-site',
      /another site/,
    ],
    'one of a server': [async () => await site.issue({ names: agentNames(), usage: 'server' }), 'other-authority', /./],
    'the certificate of a hub': [
      async () => await site.issue({ names: { kind: 'hub', siteId, hubId: 'd'.repeat(32) } }),
      'no-names',
      /names no agent/,
    ],
    'one that names two agents': [
      async () =>
        await site.issue({
          uris: [
            `tributary:site/${siteId}`,
            `tributary:agent/${'1'.repeat(32)}`,
            `tributary:agent/${'2'.repeat(32)}`,
            'tributary:tenant/default',
          ],
        }),
      'no-names',
      /names no agent/,
    ],
    'one whose tenant is a path': [
      async () =>
        await site.issue({
          uris: [`tributary:site/${siteId}`, `tributary:agent/${'1'.repeat(32)}`, 'tributary:tenant/../../etc'],
        }),
      'no-names',
      /names no agent/,
    ],
    'one of the right authority that the registry never handed out': [
      async () => await site.issue({ names: agentNames() }),
      'not-known',
      /does not know this agent/,
    ],
  };
  for (const [name, [make, error, hint]] of Object.entries(refused)) {
    test(`${name} is refused with a sentence`, async () => {
      const answer = await knock(stack.hub.port, await make());
      assert.deepEqual([answer.status, answer.error], [401, error], answer.text);
      assert.match(answer.hint, hint);
    });
  }

  test('an older certificate of an agent that has a later one is refused', async () => {
    const token = decodeEnrolmentToken(await stack.hub.createToken('--uses', '2'));
    const machine = newMachine();
    const identities: Issued[] = [];
    for (let time = 0; time < 2; time += 1) {
      const { status, body, text, key } = await enrolWith(token, machine);
      assert.equal(status, 200, text);
      identities.push({ cert: textAt(body, 'certificate'), key });
    }
    const [first, second] = identities;
    assert.ok(first !== undefined && second !== undefined);
    // Until the later one was used it may have been lost on its way.
    assert.equal((await greet(stack.hub.port, first, machine)).kind, 'welcome');
    assert.equal((await greet(stack.hub.port, second, machine)).kind, 'welcome');
    const answer = await greet(stack.hub.port, first, machine);
    assert.ok(answer.kind === 'reject' && answer.code === 'unauthorized' && /replaced/.test(answer.hint), JSON.stringify(answer));
    const renewal = await renewWith(`127.0.0.1:${stack.hub.port}`, first, machine.agentId);
    assert.ok(renewal.status >= 400 && renewal.status < 500, `an old certificate renews nothing: ${renewal.text}`);
  });

  test('the tenant is the certificate’s, whatever the agent’s configuration says', async () => {
    const token = await stack.hub.createToken('--tenant', 'acme');
    const folder = await stack.scratch.folder('acme-logs');
    await using agent = new AgentHost({
      programs: testPrograms,
      scratch: stack.scratch,
      name: 'acme',
      hubs: () => [stack.hub.url],
      config: { tenant: 'victim' },
      inputs: [{ kind: 'file', paths: [`${folder}/*.log`], type: 'app', tenant: 'victim' }],
    });
    await agent.enroll(token);
    writeFileSync(`${folder}/a.log`, 'whose line is this?\n');
    await agent.start();
    const tail = (): string => `${agent.program.tail()}\n${stack.tail()}`;
    const [stream] = await until(
      'the line is archived',
      async () => {
        const streams = await readArchive(stack.hub.archive);
        return streams.length > 0 && streams;
      },
      { everyMs: 250, detail: tail },
    );
    assert.deepEqual([stream?.channel, stream?.raw.toString()], ['acme/app', 'whose line is this?\n']);
    assert.ok(
      agent.program.logs.some(({ level, message }) => level === 'warn' && /tenant/.test(message)),
      tail(),
    );
  });

  test('an agent whose certificate has expired comes back by enroll as who it was, with all that it kept', async () => {
    const folder = await stack.scratch.folder('expired-logs');
    await using agent = new AgentHost({
      programs: testPrograms,
      scratch: stack.scratch,
      name: 'expired',
      hubs: () => [stack.hub.url],
      inputs: [{ kind: 'file', paths: [`${folder}/*.log`], type: 'expired' }],
    });
    const tail = (): string => `${agent.program.tail()}\n${stack.tail()}`;
    const text = async (): Promise<string> => {
      const streams = (await readArchive(stack.hub.archive)).filter(({ channel }) => channel === 'default/expired');
      return streams.map(({ raw }) => raw.toString()).join('---');
    };
    await agent.enroll(await stack.hub.createToken());
    appendFileSync(`${folder}/a.log`, 'before\n');
    await agent.start();
    await until('the line is archived', async () => (await text()) === 'before\n', { everyMs: 250, detail: tail });
    const agentId = textAt(await agent.status(), 'agentId');
    await agent.program.stop();

    // As if it had been off for longer than its certificate's life.
    const { cert, key } = await site.issue({ names: agentNames(agentId), fromMs: -2 * hourMs, untilMs: -hourMs });
    writeFileSync(`${agent.dataDir}/tls/agent.crt`, cert);
    writeFileSync(`${agent.dataDir}/tls/agent.key`, key);
    appendFileSync(`${folder}/a.log`, 'meanwhile\n');
    await agent.start();
    const isTold = (): boolean => /expired on [^"]*tributary-agent enroll TOKEN/.test(agent.program.stderr);
    await until('it says what to do', isTold, { detail: tail });
    await agent.enroll(await stack.hub.createToken());
    await until('all of it is there, in one stream', async () => (await text()) === 'before\nmeanwhile\n', {
      everyMs: 250,
      detail: tail,
    });
    assert.equal(textAt(await agent.status(), 'agentId'), agentId);
  });

  test('a revoked agent is cut off within seconds, says why, and stays out', async (context) => {
    const { agent, hub } = stack;
    writeFileSync(stack.log('revoked.log'), 'before\n');
    await agent.start();
    const tail = (): string => stack.tail();
    const agentId = await until('the agent is connected', async () => connectedAgent(await hub.status()), { detail: tail });
    const startMs = performance.now();
    const { code, stdout, stderr } = await hub.run('agent', 'revoke', '--config', hub.configPath, agentId);
    assert.equal(code, 0, `${stdout}${stderr}`);
    const commandMs = performance.now() - startMs;
    await until('it is cut off', async () => connectedAgent(await hub.status()) === undefined, { detail: tail });
    context.diagnostic(
      `the command took ${commandMs.toFixed(0)} ms; ${(performance.now() - startMs).toFixed(0)} ms after its start the connection was gone`,
    );
    await until('the agent says why', () => agent.program.logs.some((line) => /revoked/.test(JSON.stringify(line))), {
      detail: tail,
    });
    appendFileSync(stack.log('revoked.log'), 'after\n');
    await until('its status says why', async () => (JSON.stringify(await agent.status()) ?? '').includes('revoked'), {
      detail: tail,
    });
    assert.equal(connectedAgent(await hub.status()), undefined);
    await agent.program.stop();
  });
});

function connectedAgent(status: unknown): string | undefined {
  const [connection] = listAt(status ?? { connections: [] }, 'connections');
  const agentId = at(connection, 'agentId');
  return typeof agentId === 'string' ? agentId : undefined;
}
