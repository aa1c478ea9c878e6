/**
 * A virtual address between two hubs of one site, placed by the real keepalived with the configuration that the product comes with: two
 * machines with a network of their own, and a third from which an agent and a program that pushes send to that address only. What has the
 * address is struck in four ways; the address must go to the other machine, both senders go on, and each line arrives once.
 *
 * The times are printed; docs/operating/virtual-ip.md says what is to be expected.
 */
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { appendFileSync, readFileSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { type TestContext, test } from 'node:test';
import { promisify } from 'node:util';
import { AgentHost } from '../harness/agent-host.ts';
import { archivedRawBytes } from '../harness/archive-objects.ts';
import { HubHost } from '../harness/hub-host.ts';
import { at } from '../harness/json.ts';
import { startKeepalived } from '../harness/linux-keepalived.ts';
import { type Machine, Machines } from '../harness/linux-namespaces.ts';
import { Program } from '../harness/program.ts';
import { testPrograms as programs } from '../harness/programs.ts';
import { readArchive } from '../harness/read-archive.ts';
import { redisProgram, requireTool } from '../harness/require.ts';
import { Scratch } from '../harness/scratch.ts';
import { until } from '../harness/until.ts';

const skip =
  (await requireTool('namespaces')) ??
  (await requireTool('keepalived')) ??
  (await requireTool('curl')) ??
  (await requireTool('redis')) ??
  (await requireTool('zstd')) ??
  (await requireTool('python3'));
const noPacketFilter = await requireTool('packet-filter');
const deadlineMs = 120_000;
const port = { agents: 7701, push: 7702, redis: 6379 };
const run = promisify(execFile);

interface Node {
  readonly name: string;
  readonly machine: Machine;
  readonly hub: HubHost;
  keepalived: Program;
}

/** One way to take the address from who has it, and how to undo it. */
interface Strike {
  readonly what: string;
  readonly strike: (node: Node) => Promise<void>;
  readonly mend: (node: Node) => Promise<void>;
}

const strikes: readonly Strike[] = [
  {
    what: 'the hub is killed',
    strike: async ({ hub }) => void (await hub.program.kill()),
    mend: async ({ hub, machine }) => void (await hub.start({ wrap: machine.wrap })),
  },
  {
    what: 'the hub is stopped (SIGSTOP)',
    strike: async ({ hub }) => hub.program.signal('SIGSTOP'),
    mend: async ({ hub }) => hub.program.signal('SIGCONT'),
  },
  {
    what: 'its listener for agents can no longer be reached',
    strike: async (node) => await filterPort(node, '-I'),
    mend: async (node) => await filterPort(node, '-D'),
  },
  {
    what: 'the machine is gone',
    strike: async ({ hub, keepalived, machine }) => {
      await machine.unplug();
      await Promise.all([hub.program.kill(), keepalived.kill()]);
    },
    mend: async () => undefined,
  },
];

async function filterPort({ machine }: Node, change: '-I' | '-D'): Promise<void> {
  const [first = '', ...rest] = machine.wrap;
  await run(first, [...rest, 'iptables', change, 'INPUT', '-p', 'tcp', '--dport', String(port.agents), '-j', 'DROP']);
}

class Site implements AsyncDisposable {
  readonly #owned = new AsyncDisposableStack();
  readonly scratch: Scratch;
  readonly machines: Machines;
  readonly nodes: Node[] = [];
  readonly archive: string;
  readonly virtualAddress: string;

  private constructor(scratch: Scratch, machines: Machines, archive: string) {
    this.scratch = this.#owned.use(scratch);
    this.machines = this.#owned.use(machines);
    this.archive = archive;
    this.virtualAddress = machines.addressOf(100);
  }

  static async make(): Promise<Site> {
    const scratch = await Scratch.make();
    const machines = await Machines.make(['one', 'two', 'sender']);
    const site = new Site(scratch, machines, await scratch.folder('archive'));
    try {
      await site.#startRedis();
      for (const [index, name] of ['one', 'two'].entries()) await site.#startNode(name, 150 - 50 * index);
      return site;
    } catch (error) {
      await site[Symbol.asyncDispose]();
      throw error;
    }
  }

  /** The machines that have the address now. */
  async holders(): Promise<readonly Node[]> {
    const has = await Promise.all(
      this.nodes.map(async ({ machine }) => (await machine.addresses()).includes(this.virtualAddress)),
    );
    return this.nodes.filter((_, index) => has[index] === true);
  }

  own<Part extends AsyncDisposable>(part: Part): Part {
    return this.#owned.use(part);
  }

  tail(): string {
    return this.nodes.map(({ hub, keepalived }) => `${hub.program.tail(15)}\n${keepalived.tail(15)}`).join('\n');
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#owned.disposeAsync();
  }

  async #startRedis(): Promise<void> {
    const { address, wrap } = this.machines.get('switch');
    const lines = [`bind ${address}`, `port ${port.redis}`, `dir ${await this.scratch.folder('redis')}`, 'protected-mode no'];
    const file = this.scratch.file('redis.conf');
    const durable = ['save ""', 'appendonly yes', 'appendfsync always', 'maxmemory-policy noeviction'];
    await writeFile(file, `${[...lines, ...durable].join('\n')}\n`);
    const [first = 'ip', ...rest] = wrap;
    // It is the server when it is called that.
    const shell = ['bash', '-c', `exec -a redis-server ${redisProgram} "$0"`];
    const redis = this.own(new Program({ name: 'redis', command: [first, ...rest, ...shell], args: [file] }));
    await until('Redis is ready', () => redis.stdout.includes('Ready to accept connections'), { detail: () => redis.tail() });
  }

  async #startNode(name: string, priority: number): Promise<void> {
    const { scratch, machines, virtualAddress } = this;
    const machine = machines.get(name);
    const open = { plaintext: true, tenant: 'default', allow_cidr: [`${machines.addressOf(0)}/24`] };
    const config = {
      outputs: [{ kind: 'archive', folder: this.archive, roll_interval: '1s' }],
      queue: { redis: { url: `redis://${machines.get('switch').address}:${port.redis}`, partitions: 4 } },
      listeners: {
        agents: { ...open, address: `0.0.0.0:${port.agents}` },
        push: [{ ...open, address: `0.0.0.0:${port.push}`, type: 'pushed' }],
      },
    };
    const hub = this.own(new HubHost({ programs, scratch, name: `hub-${name}`, config }));
    await hub.start({ wrap: machine.wrap });
    const others = ['one', 'two'].filter((other) => other !== name).map((other) => machines.get(other));
    const keepalived = await startKeepalived({ scratch, name, machine, others, virtualAddress, priority, runDir: hub.runDir });
    this.nodes.push({ name, machine, hub, keepalived: this.own(keepalived) });
  }
}

/** What keepalived said of its script last. */
function isTrusted({ keepalived }: Node): boolean {
  const told = [...`${keepalived.stdout}\n${keepalived.stderr}`.matchAll(/VRRP_Script\(tributary_ready\) (succeeded|failed)/g)];
  return told.at(-1)?.[1] === 'succeeded';
}

async function alone(site: Site, not?: Node): Promise<Node> {
  return await until(
    'one machine has the address, and it is another than before',
    async () => {
      const holders = (await site.holders()).filter((node) => node !== not);
      return holders.length === 1 ? holders[0] : undefined;
    },
    { deadlineMs, detail: () => site.tail() },
  );
}

test(
  'a virtual address follows the hub that takes data, and each line arrives once',
  { skip, timeout: 600_000 },
  async (t: TestContext) => {
    await using site = await Site.make();
    const { machines, virtualAddress } = site;
    const { wrap } = machines.get('sender');
    const logs = await site.scratch.folder('logs');
    const log = `${logs}/app.log`;
    const agent = site.own(
      new AgentHost({
        programs,
        scratch: site.scratch,
        hubs: () => [`ws://${virtualAddress}:${port.agents}`],
        inputs: [{ kind: 'file', paths: [log], type: 'app' }],
        config: { plaintext: true, batch: { flush_interval: '20ms' } },
        wrap,
      }),
    );
    appendFileSync(log, '');
    await agent.start();
    const [first = 'ip', ...rest] = wrap;
    const sender = new URL('../harness/push-sender.ts', import.meta.url).pathname;
    const url = `http://${virtualAddress}:${port.push}/api/v1/logs`;
    const pushing = site.own(new Program({ name: 'push', command: [first, ...rest, process.execPath, sender], args: [url] }));
    let line = 0;
    const write = (): void => appendFileSync(log, `line ${(line += 1)} of a service that tells what it does\n`);
    const writing = setInterval(write, 10);
    site.own({ [Symbol.asyncDispose]: async () => clearInterval(writing) });
    const detail = (): string => `${site.tail()}\n${agent.program.tail(10)}\n${pushing.tail(3)}`;
    const acked = async (): Promise<number> =>
      Number(at(await agent.status().catch(() => undefined), 'counters', 'batchesAcked') ?? 0);
    const pushed = (): number => pushing.stdout.split('\n').length;
    let holder = await alone(site);
    for (const { what, strike, mend } of strikes) {
      if (strike === strikes[2]?.strike && noPacketFilter !== undefined) {
        t.diagnostic(`${what}: left out, ${noPacketFilter}`);
        continue;
      }
      await until('both machines would take it', () => site.nodes.every((node) => isTrusted(node)), { deadlineMs, detail });
      const [ackedBefore, pushedBefore] = [await acked(), pushed()];
      let seen: unknown;
      await until(
        'both senders send',
        async () => {
          seen = {
            ackedBefore,
            acked: await acked(),
            pushedBefore,
            pushed: pushed(),
            uplink: at(await agent.status(), 'uplink'),
            buffer: at(await agent.status(), 'buffer'),
          };
          return (await acked()) > ackedBefore + 5 && pushed() > pushedBefore + 5;
        },
        { deadlineMs, detail: () => `${JSON.stringify(seen)}\n${detail()}` },
      );
      const struckMs = performance.now();
      const seconds = (): string => `${((performance.now() - struckMs) / 1000).toFixed(1)} s`;
      const loser = holder;
      await strike(loser);
      holder = await alone(site, loser);
      const times = [`${what}: the address is on the other machine after ${seconds()}`];
      const [ackedAtMove, pushedAtMove] = [await acked(), pushed()];
      await Promise.all([
        until('the agent is served there', async () => (await acked()) > ackedAtMove + 1, { deadlineMs, detail }).then(() =>
          times.push(`agent served after ${seconds()}`),
        ),
        until('pushes are taken there', () => pushed() > pushedAtMove + 1, { deadlineMs, detail }).then(() =>
          times.push(`pushes after ${seconds()}`),
        ),
      ]);
      t.diagnostic(times.join(', '));
      await mend(loser);
      if (what !== 'the machine is gone') {
        await until('only one has it, still', async () => (await site.holders()).length === 1, { deadlineMs, detail });
        assert.equal((await alone(site)).name, holder.name, 'it stays where it is');
      }
    }
    clearInterval(writing);
    assert.equal((await pushing.stop()).code, 0);
    const numbers = pushing.stdout.trim().split('\n');
    const pushedLines = numbers.map((number) => `push ${number}`);
    const content = readFileSync(log, 'utf8');
    const bytes = content.length + pushedLines.reduce((sum, one) => sum + one.length + 1, 0);
    await until('all is archived', async () => (await archivedRawBytes(site.archive)) >= bytes, {
      deadlineMs,
      everyMs: 200,
      detail,
    });
    const streams = await readArchive(site.archive);
    const linesOf = (channel: string): readonly string[] =>
      streams
        .filter((stream) => stream.channel === channel)
        .flatMap(({ raw }) => raw.toString().trimEnd().split('\n'))
        .toSorted();
    assert.deepEqual(linesOf('default/app'), content.trimEnd().split('\n').toSorted());
    assert.deepEqual(linesOf('default/pushed'), pushedLines.toSorted());
    t.diagnostic(
      `${content.trimEnd().split('\n').length} lines of the agent and ${pushedLines.length} pushes, each archived once`,
    );
  },
);
