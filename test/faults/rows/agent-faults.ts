/** What happens to agents, and on their machines. */
import { chmodSync, cpSync, writeFileSync } from 'node:fs';
import { AgentHost } from '../../harness/agent-host.ts';
import { otherMachine } from '../../harness/other-machine.ts';
import { testPrograms as programs } from '../../harness/programs.ts';
import type { Scratch } from '../../harness/scratch.ts';
import type { SiteBed, SiteBedOptions } from '../beds/site-bed.ts';
import type { Fault } from '../fault.ts';
import { clockCommand, setClock } from '../../harness/wrong-clock.ts';

/** A program of a newer version is the same one that says it is: it asks this name for what packaging puts in. */
const newerVersion = 'NODE_OPTIONS=--import=data:text/javascript,globalThis.tributaryVersion=%279.9.9%27';
/** Root may read every file unless this is taken away. */
const asOthers = ['setpriv', '--bounding-set', '-dac_override,-dac_read_search'];

export const siteAgents: SiteBedOptions['agents'] = {
  web: { wrap: () => (process.getuid?.() === 0 ? asOthers : []) },
  db: {},
  late: { wrap: (scratch: Scratch) => clockCommand(scratch.file('clock')) },
};

const original = 'db';

/** What an agent is started again for. */
const isStopped = /is not connected since .*\(it was stopped: /;

export const agentFaults: readonly Fault<SiteBed>[] = [
  {
    name: 'agent-killed',
    what: 'the process of an agent is killed',
    mended: 'it is started again',
    make: async (bed) => {
      await bed.agent('web').host.program.kill();
    },
    repair: (bed) => bed.start('web'),
    node: 'agent/web',
    colour: 'red',
    reason:
      /is not connected since .*: see whether its machine runs, whether tributary-agent runs on it, and whether it reaches this hub/,
  },
  {
    name: 'agent-stopped',
    what: 'an agent is stopped by a person',
    mended: 'it is started again',
    make: async (bed) => {
      await bed.agent('web').host.program.stop();
    },
    repair: (bed) => bed.start('web'),
    node: 'agent/web',
    colour: 'red',
    reason: /is not connected since .*\(it was stopped: .*SIGTERM\): start tributary-agent on it again; revoke it if it is gone/,
  },
  {
    name: 'agent-frozen',
    what: 'the process of an agent hangs (SIGSTOP)',
    mended: 'it goes on (SIGCONT)',
    make: (bed) => bed.agent('web').host.program.signal('SIGSTOP'),
    repair: (bed) => bed.agent('web').host.program.signal('SIGCONT'),
    node: 'agent/web',
    colour: 'red',
    reason: /does not answer since .*, although its connection stands: see whether its machine runs/,
  },
  {
    name: 'agent-cloned',
    what: 'a copy of an agent with its key is started on another machine',
    mended: 'the copy is stopped and becomes an agent of its own',
    prepare: makeCopy,
    make: startCopy,
    repair: endCopy,
    node: `agent/${original}`,
    colour: 'yellow',
    reason: /a copy of agent .* on another machine, at .*, is refused: run tributary-agent enroll --renew TOKEN on the copy/,
  },
  {
    name: 'input-unreadable',
    what: 'the file of an input may not be read any more',
    mended: 'it may be read again',
    make: async (bed) => {
      chmodSync(bed.agent('web').log, 0o000);
      // One that it has open it goes on to read.
      await bed.agent('web').host.program.stop();
      await bed.start('web');
    },
    repair: (bed) => chmodSync(bed.agent('web').log, 0o600),
    node: 'agent/web/input/file-1',
    colour: 'yellow',
    reason:
      /app\.log cannot be read: EACCES: permission denied.*; see that it is there and that the user of tributary-agent may read it/,
    also: { 'agent/web': /app\.log cannot be read/ },
    meanwhile: { 'agent/web': isStopped },
  },
  {
    name: 'agent-configuration',
    what: 'the configuration file of an agent is broken',
    mended: 'it is as it was',
    make: (bed) => writeFileSync(bed.agent('web').host.configPath, 'inputs: [ this is none'),
    repair: (bed) => bed.agent('web').host.writeConfig(),
    node: 'agent/web',
    colour: 'yellow',
    reason: /a changed configuration is refused, and the one before goes on: .*web\.yaml:1:23: .*; check quotes/,
  },
  {
    name: 'clock-wrong',
    what: 'the clock of a machine is set two minutes ahead',
    mended: 'it is right again',
    make: (bed) => setClock(bed.scratch.file('clock'), 120),
    repair: (bed) => setClock(bed.scratch.file('clock'), 0),
    node: 'agent/late',
    colour: 'yellow',
    reason: /the clock of agent .* is 1\d\d s ahead of the hub's: .*; let its machine keep time/,
    unreal: 'libfaketime gives the agent alone another time of day, as two machines cannot be had with one clock',
  },
  {
    name: 'agent-newer',
    what: 'an agent is upgraded before the hubs',
    mended: 'it is the version from before',
    make: (bed) => restarted(bed, ['env', newerVersion]),
    repair: (bed) => restarted(bed, []),
    node: 'agent/db',
    colour: 'yellow',
    reason: /has version 9\.9\.9, newer than the hubs .*: upgrade the hubs first/,
    meanwhile: { 'agent/db': isStopped },
    unreal:
      'the agent is of this version and says that it is another; that is told after a second here, by default after an hour',
  },
];

async function restarted(bed: SiteBed, wrap: readonly string[]): Promise<void> {
  await bed.agent('db').host.program.stop();
  await bed.start('db', wrap);
}

const copies = new WeakMap<SiteBed, AgentHost>();

/** Of one at rest. */
async function makeCopy(bed: SiteBed): Promise<void> {
  const { host } = bed.agent(original);
  await host.program.stop();
  const wrap = await otherMachine(bed.scratch, { machineId: 'f'.repeat(32), bootId: '22222222-0000-4000-8000-000000000002' });
  const copy = new AgentHost({ programs, scratch: bed.scratch, name: 'copy', hubs: () => [bed.hub.url], wrap });
  copies.set(bed, copy);
  cpSync(host.dataDir, copy.dataDir, { recursive: true, preserveTimestamps: true });
  await bed.start(original);
}

async function startCopy(bed: SiteBed): Promise<void> {
  await copies.get(bed)?.start();
}

async function endCopy(bed: SiteBed): Promise<void> {
  const copy = copies.get(bed);
  if (copy === undefined) return;
  await copy.program.kill();
  const said = await copy.enroll(await bed.hub.createToken('--tenant', 'shop'), '--renew');
  // It has its own identity now, and nobody waits for it.
  await bed.command('agent', 'revoke', /agent ([0-9a-f]{32})/.exec(said)?.[1] ?? said);
}
