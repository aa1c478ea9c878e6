/**
 * A machine that was copied with its agent, buffer and key. The copy is another machine, or the same one in another boot: both are made
 * here by a mount namespace with a machine id and a boot id of its own.
 */
import assert from 'node:assert/strict';
import { cpSync, writeFileSync } from 'node:fs';
import { test } from 'node:test';
import { AgentHost } from '../harness/agent-host.ts';
import { archivedRawBytes } from '../harness/archive-objects.ts';
import { at, listAt, parseJson, textAt } from '../harness/json.ts';
import { type OtherMachine, otherMachine } from '../harness/other-machine.ts';
import { testPrograms } from '../harness/programs.ts';
import { readArchive } from '../harness/read-archive.ts';
import { requireTool } from '../harness/require.ts';
import { Scratch } from '../harness/scratch.ts';
import { HubHost } from '../harness/hub-host.ts';
import { until } from '../harness/until.ts';

const skip = (await requireTool('tmpfs')) ?? (await requireTool('zstd')) ?? (await requireTool('python3'));
const programs = testPrograms;
const machineId = '0123456789abcdef0123456789abcdef';
/** By a command, which takes most of a second of a core. */
const askEveryMs = 2000;
const [boot, laterBoot] = ['11111111-0000-4000-8000-000000000001', '22222222-0000-4000-8000-000000000002'];

interface Site extends AsyncDisposable {
  readonly scratch: Scratch;
  readonly hub: HubHost;
  /** An agent on a machine of its own, with a folder of logs. */
  agentOn(name: string, machine: OtherMachine): Promise<AgentHost>;
  readonly tail: () => string;
}

async function openSite(): Promise<Site> {
  await using owned = new AsyncDisposableStack();
  const scratch = owned.use(await Scratch.make());
  const hub = owned.use(new HubHost({ programs, scratch, tls: true }));
  await hub.start();
  const agents: AgentHost[] = [];
  const stack = owned.move();
  return {
    scratch,
    hub,
    agentOn: async (name, machine) => {
      const logs = await scratch.folder(`${name}-logs`);
      const inputs = [{ kind: 'file', paths: [`${logs}/*.log`], type: name }];
      const wrap = await otherMachine(scratch, machine);
      const agent = stack.use(new AgentHost({ programs, scratch, name, hubs: () => [hub.url], inputs, wrap }));
      agents.push(agent);
      return agent;
    },
    tail: () => [hub, ...agents.filter((agent) => agent.running)].map((host) => host.program.tail()).join('\n'),
    [Symbol.asyncDispose]: async () => await stack.disposeAsync(),
  };
}

async function arrives(site: Site, text: string): Promise<void> {
  const found = async (): Promise<boolean> => (await readArchive(site.hub.archive)).some(({ raw }) => raw.includes(text));
  await until(`${text} is archived`, found, { everyMs: 250, deadlineMs: 120_000, detail: site.tail });
}

async function says(site: Site, agent: AgentHost, what: RegExp): Promise<void> {
  // Whoever is refused comes again after half a minute.
  await until(`the agent says ${what.source}`, () => what.test(agent.program.stderr), { deadlineMs: 120_000, detail: site.tail });
}

/** The copy has everything of the original as it was at one moment: nobody runs on it then. */
function copyFolder(from: AgentHost, to: AgentHost): void {
  cpSync(from.dataDir, to.dataDir, { recursive: true, preserveTimestamps: true });
}

test(
  'a copy on another machine is refused, the original goes on, and enroll --renew makes the copy a new agent',
  { skip, timeout: 600_000 },
  async () => {
    await using site = await openSite();
    const { hub, scratch } = site;
    const original = await site.agentOn('original', { machineId, bootId: boot });
    await original.enroll(await hub.createToken());
    writeFileSync(scratch.file('original-logs/a.log'), 'of the original\n');
    await original.start();
    await arrives(site, 'of the original');
    await original.program.stop();
    const copy = await site.agentOn('copy', { machineId: 'f'.repeat(32), bootId: laterBoot });
    copyFolder(original, copy);
    await original.start();
    writeFileSync(scratch.file('copy-logs/c.log'), 'of the copy\n');
    await copy.start();
    await says(site, copy, /clone|another machine/i);
    const finding = async (): Promise<unknown> =>
      listAt(await hub.status(), 'findings').find((one) => at(one, 'kind') === 'agent-cloned');
    await until('the hub tells', finding, { detail: site.tail });
    writeFileSync(scratch.file('original-logs/b.log'), 'of the original, later\n');
    await arrives(site, 'of the original, later');
    await copy.program.stop();
    const renewed = await copy.enroll(await hub.createToken(), '--renew');
    assert.match(renewed, /agent [0-9a-f]{32}/);
    await copy.start();
    await arrives(site, 'of the copy');
    const agents = new Set(await agentsOf(site));
    assert.equal(agents.size, 2, 'two agents are known and active');
    await until('the finding is gone', async () => (await finding()) === undefined, { detail: site.tail });
  },
);

test(
  'a copy with the same machine id in another boot: both are refused, and renewing one lets both in with every line',
  { skip, timeout: 600_000 },
  async () => {
    await using site = await openSite();
    const { hub, scratch } = site;
    const original = await site.agentOn('original', { machineId, bootId: boot });
    await original.enroll(await hub.createToken());
    // What waits unacked in the buffer at the time of the copy is there twice from then on: neither may lose it.
    await original.start();
    writeFileSync(scratch.file('original-logs/z.log'), 'before all of it\n');
    await arrives(site, 'before all of it');
    await hub.program.stop();
    writeFileSync(scratch.file('original-logs/a.log'), 'read before the copy\n');
    const waits = async (): Promise<boolean> => (JSON.stringify(await original.status()) ?? '').includes('a.log');
    await until('the line is in the buffer', waits, { detail: site.tail });
    await original.program.stop();
    const copy = await site.agentOn('copy', { machineId, bootId: laterBoot });
    copyFolder(original, copy);
    await hub.start();
    await original.start();
    await arrives(site, 'read before the copy');
    writeFileSync(scratch.file('copy-logs/c.log'), 'of the copy\n');
    await copy.start();
    await says(site, original, /clone|copy|copied/i);
    await says(site, copy, /clone|copy|copied/i);
    writeFileSync(scratch.file('original-logs/b.log'), 'of the original while both were refused\n');
    const state = async (): Promise<string> => (await statesOf(site)).join();
    await until('the agent is marked', async () => (await state()) === 'cloned', { everyMs: askEveryMs, detail: site.tail });
    await copy.program.stop();
    await copy.enroll(await hub.createToken(), '--renew');
    await copy.start();
    await arrives(site, 'of the copy');
    // It would come again by itself; a person who has just mended the copy starts it.
    await original.program.stop();
    await original.start();
    await arrives(site, 'of the original while both were refused');
    await until('both are active', async () => (await state()) === 'active,active', { everyMs: askEveryMs, detail: site.tail });
    const own = (await readArchive(hub.archive)).filter(({ channel }) => channel.endsWith('/original'));
    const text = own.map(({ raw }) => raw.toString()).join('');
    // The line of before the copy may come from either, and then comes from both; what each read for itself comes once.
    assert.equal(text.split('of the original while both').length, 2, text);
    assert.ok((await archivedRawBytes(hub.archive)) > 0);
  },
);

async function listed({ hub }: Site): Promise<readonly unknown[]> {
  const { code, stdout, stderr } = await hub.run('agent', 'list', '--json', '--config', hub.configPath);
  assert.equal(code, 0, stderr);
  return listAt(parseJson(stdout), 'agents');
}

async function agentsOf(site: Site): Promise<readonly string[]> {
  return (await listed(site)).map((agent) => textAt(agent, 'id'));
}

async function statesOf(site: Site): Promise<readonly string[]> {
  return (await listed(site)).map((agent) => textAt(agent, 'state')).toSorted();
}
