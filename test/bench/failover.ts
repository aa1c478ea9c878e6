/**
 * How long an agent is without a hub: two hubs of one site over a Redis, with TLS and certificates, and an agent into whose file a line is written
 * every 10 ms. The hub that serves it is killed (-9), or its network is cut without a word; measured until the other hub acknowledges something,
 * as the agent counts it. Once more with a connection on which nothing was sent for a while: from the next line on.
 */
import { appendFileSync, readFileSync, writeFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { AgentHost } from '../harness/agent-host.ts';
import { HubHost } from '../harness/hub-host.ts';
import { at } from '../harness/json.ts';
import type { Programs } from '../harness/programs.ts';
import { startRedis } from '../harness/redis/redis-server.ts';
import { requireTool } from '../harness/require.ts';
import { Scratch } from '../harness/scratch.ts';
import { SilentProxy } from '../harness/silent-proxy.ts';
import { until } from '../harness/until.ts';
import { type Figure, type Measurement, plainFigure } from './figure.ts';
import { median } from './measure.ts';

const rounds = 10;
const killedLimitSeconds = 2;
const cutLimitSeconds = 5;
const deadlineMs = 30_000;
/** Long enough for the last line to be acknowledged and nothing to be under way. */
const idleMs = 500;

interface Served {
  readonly hub: string;
  readonly acked: number;
}

interface Front {
  readonly hub: HubHost;
  readonly proxy: SilentProxy;
  readonly url: string;
}

export const failover: Measurement = {
  figures: ['failover', 'failover-worst', 'failover-cut', 'failover-cut-worst', 'failover-idle-cut', 'failover-idle-cut-worst'],
  long: true,
  measure: async ({ programs, note }) => {
    const missing = await requireTool('redis');
    if (missing !== undefined) throw new Error(missing);
    await using site = await Site.start(programs);
    const killed = await site.rounds(
      async ({ hub }) => void (await hub.program.kill()),
      async ({ hub }) => void (await hub.start()),
    );
    const cut = await site.rounds(
      async ({ proxy }) => proxy.cut(),
      async ({ proxy }) => proxy.mend(),
    );
    site.stopWriting();
    const idleCut = await site.rounds(
      async ({ proxy }) => {
        await sleep(idleMs);
        proxy.cut();
      },
      async ({ proxy }) => proxy.mend(),
    );
    for (const [what, times] of Object.entries({ killed, cut, 'cut while idle': idleCut })) {
      note(`${what}: ${times.map((one) => one.toFixed(2)).join(' ')} s`);
    }
    return [
      ...figuresOf('failover', killed, killedLimitSeconds),
      ...figuresOf('failover-cut', cut, cutLimitSeconds),
      ...figuresOf('failover-idle-cut', idleCut, cutLimitSeconds),
    ];
  },
};

function figuresOf(name: string, seconds: readonly number[], limit: number): Figure[] {
  return [
    plainFigure(name, 's', median([...seconds]), { atMost: limit }),
    plainFigure(`${name}-worst`, 's', Math.max(...seconds), { atMost: limit }),
  ];
}

/** Two hubs, each behind a network of its own, and an agent that knows both. */
class Site implements AsyncDisposable {
  readonly #owned = new AsyncDisposableStack();
  readonly #fronts: Front[] = [];
  #agent: AgentHost | undefined;
  #writing: NodeJS.Timeout | undefined;
  #log = '';
  #line = 0;

  static async start(programs: Programs): Promise<Site> {
    const site = new Site();
    try {
      await site.#start(programs);
      return site;
    } catch (error) {
      await site[Symbol.asyncDispose]();
      throw error;
    }
  }

  stopWriting(): void {
    clearInterval(this.#writing);
    this.#writing = undefined;
  }

  /** Seconds of each round, alternately from one hub to the other and back. */
  async rounds(strike: (front: Front) => Promise<void>, mend: (front: Front) => Promise<void>): Promise<number[]> {
    const seconds: number[] = [];
    for (let round = 0; round < rounds; round += 1) seconds.push(await this.#round(strike, mend));
    return seconds;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.stopWriting();
    await this.#owned.disposeAsync();
  }

  async #round(strike: (front: Front) => Promise<void>, mend: (front: Front) => Promise<void>): Promise<number> {
    const before = await this.#ackedBeyond(await this.#served());
    const front = this.#fronts.find(({ url }) => url === before.hub);
    if (front === undefined) throw new Error(`the agent is at ${before.hub}`);
    await strike(front);
    const struckMs = performance.now();
    if (this.#writing === undefined) this.#write();
    const after = await until(
      'another hub serves',
      async () => {
        const now = await this.#served();
        return now.hub !== before.hub && now.hub !== '' ? now : undefined;
      },
      { deadlineMs, everyMs: 5, detail: () => this.#agent?.program.tail() ?? '' },
    );
    await this.#ackedBeyond(after.acked > before.acked ? { ...after, acked: after.acked - 1 } : after);
    const seconds = (performance.now() - struckMs) / 1000;
    await mend(front);
    return seconds;
  }

  async #ackedBeyond({ hub, acked }: Served): Promise<Served> {
    return await until(
      'a batch is acknowledged',
      async () => {
        if (this.#writing === undefined) this.#write();
        const now = await this.#served();
        return now.hub !== '' && (now.acked > acked || now.hub !== hub) ? now : undefined;
      },
      { deadlineMs, everyMs: 5, detail: () => this.#agent?.program.tail() ?? '' },
    );
  }

  /** Who serves the agent now, empty for nobody, and how much was acknowledged so far. */
  async #served(): Promise<Served> {
    const status = await this.#agent?.status();
    const hub = at(status, 'uplink', 'state') === 'connected' ? String(at(status, 'uplink', 'hub')) : '';
    return { hub, acked: Number(at(status, 'counters', 'batchesAcked')) };
  }

  #write(): void {
    appendFileSync(this.#log, `line ${(this.#line += 1)} of a service that tells what it does\n`);
  }

  async #start(programs: Programs): Promise<void> {
    const scratch = this.#owned.use(await Scratch.make());
    const redis = this.#owned.use(await startRedis(scratch.path));
    const archive = await scratch.folder('archive');
    for (const name of ['one', 'two']) {
      const proxy = this.#owned.use(await SilentProxy.start(() => hub.port));
      const address = `127.0.0.1:${proxy.port}`;
      const config = {
        outputs: [{ kind: 'archive', folder: archive }],
        queue: { redis: { url: redis.url } },
        cluster: { address },
        advertise: [address],
      };
      const hub: HubHost = this.#owned.use(new HubHost({ programs, scratch, name, config, tls: true }));
      const [first] = this.#fronts;
      await hub.init('--redis', redis.url, ...(first === undefined ? [] : ['--authority', `${first.hub.dataDir}/pki`]));
      await hub.start();
      this.#fronts.push({ hub, proxy, url: `wss://${address}` });
    }
    const [first] = this.#fronts;
    if (first === undefined) throw new Error('there is no hub');
    this.#log = scratch.file('app.log');
    writeFileSync(this.#log, '');
    const agent = new AgentHost({
      programs,
      scratch,
      hubs: () => this.#fronts.map(({ url }) => url),
      inputs: [{ kind: 'file', paths: [this.#log], type: 'app' }],
    });
    this.#agent = this.#owned.use(agent);
    await agent.enroll(await first.hub.createToken());
    await agent.start();
    await until('the agent is served', async () => (await this.#served().catch(() => undefined))?.hub !== '', {
      deadlineMs,
      detail: () => `${agent.program.tail()}\n${readFileSync(agent.configPath, 'utf8')}`,
    });
    this.#writing = setInterval(() => this.#write(), 10);
  }
}
