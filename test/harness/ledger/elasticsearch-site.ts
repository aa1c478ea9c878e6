import { writeFile } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import type { AgentHost } from '../agent-host.ts';
import { type ClusterAgent, HubCluster } from '../cluster.ts';
import { ElasticsearchServer } from '../elasticsearch/elasticsearch-server.ts';
import type { HubHost } from '../hub-host.ts';
import { at, isObject, listAt, numberAt, textAt } from '../json.ts';
import type { LogLine, Program } from '../program.ts';
import type { Programs } from '../programs.ts';
import type { Random } from '../random.ts';
import { RedisProxy } from '../redis/redis-proxy.ts';
import { RedisServer } from '../redis/redis-server.ts';
import type { Scratch } from '../scratch.ts';
import { getOverUnixSocket } from '../unix-status.ts';
import { until } from '../until.ts';

export interface ElasticsearchSiteOptions {
  readonly programs: Programs;
  readonly scratch: Scratch;
  readonly random: Random;
}

export type HubName = 'hub' | 'worker';

const agents = 2;
const partitions = 4;
const pointDeadlineMs = 40_000;
const styles = ['shift', 'dated', 'away'] as const;
/** All that the scenario writes. */
export const indices: readonly string[] = ['logs-*-default'];
/** Dated lines are parsed, so that documents of both forms are in every run; the others go as they are. */
const datedPipeline = `fields: { app.stream: long, app.line: long }
steps:
  - regex: { pattern: '^s=(?<stream>\\d+) g=\\d+ n=(?<line>\\d+) ', fields: { stream: app.stream, line: app.line } }
    on_error: keep
`;
/** Small and many, so that each death meets some of them. */
const output = {
  kind: 'elasticsearch',
  bulk_bytes: '64KiB',
  bulk_wait: '50ms',
};

/**
 * Two agents → a hub, and a second one that only works, over Redis → a real Elasticsearch behind a proxy that can keep answers from
 * coming back. What may be done to all of them.
 */
export class ElasticsearchSite implements AsyncDisposable {
  readonly server: ElasticsearchServer;
  readonly proxy: RedisProxy;
  readonly cluster: HubCluster;
  /** Sentences of what should not have been. */
  readonly problems: string[] = [];
  readonly #owned: AsyncDisposableStack;

  private constructor(
    owned: AsyncDisposableStack,
    parts: { readonly server: ElasticsearchServer; readonly proxy: RedisProxy; readonly cluster: HubCluster },
  ) {
    this.#owned = owned;
    this.server = parts.server;
    this.proxy = parts.proxy;
    this.cluster = parts.cluster;
  }

  /** The hubs run when it resolves, and the cluster is set up for them; agents were not started. */
  static async start({ programs, scratch }: ElasticsearchSiteOptions): Promise<ElasticsearchSite> {
    await using made = new AsyncDisposableStack();
    const redis = made.use(await RedisServer.start({ folder: scratch.file('redis') }));
    const server = made.use(await ElasticsearchServer.start({ folder: scratch.file('elasticsearch') }));
    const proxy = made.use(await RedisProxy.start({ host: '127.0.0.1', port: server.port }));
    const pipelines = await scratch.folder('pipelines');
    await writeFile(`${pipelines}/dated.yaml`, datedPipeline);
    const outputs = [{ ...output, urls: [`http://127.0.0.1:${proxy.port}`] }];
    const shared = { queue: { replay_window: '60s' }, outputs, pipelines_dir: pipelines };
    const cluster = made.use(
      await HubCluster.start({
        programs,
        scratch,
        hubs: 2,
        agents,
        redis: () => ({ url: redis.url, partitions }),
        hub: (number) => ({ ...shared, ...(number === 0 ? {} : { cluster: { roles: ['work'] } }) }),
        agent: { buffer: { replay_window: '60s' } },
        inputs: (logs) => styles.map((style) => ({ kind: 'file', paths: [`${logs}/${style}*.log*`], type: style })),
      }),
    );
    const site = new ElasticsearchSite(made.move(), { server, proxy, cluster });
    for (const { program } of cluster.hubs) site.#watch(program);
    await until('Elasticsearch is set up for what is parsed', () => site.#isSetUp(), { deadlineMs: 120_000, everyMs: 100 });
    return site;
  }

  get agents(): readonly ClusterAgent[] {
    return this.cluster.agents;
  }

  host(name: HubName): HubHost {
    const host = this.cluster.hubs[name === 'hub' ? 0 : 1];
    if (host === undefined) throw new RangeError('the site has two hubs');
    return host;
  }

  /** Requests that Elasticsearch has not answered, and bytes that wait for it. */
  async underWay(): Promise<{ readonly requests: number; readonly bytes: number }> {
    const sum = { requests: 0, bytes: 0 };
    for (const host of this.cluster.hubs) {
      // One that is being stopped has nothing to tell.
      const status = await host.status().catch(() => undefined);
      if (!isObject(status)) continue;
      for (const one of listAt(status, 'outputs')) {
        sum.requests += numberAt(one, 'counts', 'requestsUnderWay');
        sum.bytes += numberAt(one, 'counts', 'readAheadBytes');
      }
    }
    return sum;
  }

  /**
   * Resolves when everything that was in front topics has been through its pipeline: what is in work when two hubs in a row end is set aside, as it
   * should be, since it may be what ended them.
   */
  async processed(): Promise<void> {
    let goals: ReadonlyMap<string, number> | undefined;
    const look = async (): Promise<boolean> => {
      const places = await this.#pipelinePlaces();
      if (places === undefined) return false;
      goals ??= new Map([...places].map(([place, { cursor, entries }]) => [place, cursor + entries]));
      return [...goals].every(([place, goal]) => (places.get(place)?.cursor ?? 0) >= goal);
    };
    const detail = (): string => this.cluster.tail();
    await until('what came in is through its pipelines', look, { deadlineMs: 120_000, everyMs: 100, detail });
  }

  async eachHasDocuments(): Promise<void> {
    for (const style of styles) {
      const stream = `/logs-${style}-default`;
      const look = async (): Promise<boolean> => {
        await this.server.request('POST', `${stream}/_refresh`);
        // Neither a stream that is not there nor one whose index is being made has any.
        const { status, body } = await this.server.request('GET', `${stream}/_count`);
        return status === 200 && numberAt(body, 'count') > 0;
      };
      await until(`a document of type ${style} is there`, look, { everyMs: 250, detail: () => this.cluster.tail() });
    }
  }

  /** Documents that a search would find now. */
  async documents(): Promise<number> {
    const path = `/${indices.join(',')}`;
    await this.server.ask('POST', `${path}/_refresh`);
    return numberAt(await this.server.ask('GET', `${path}/_count`), 'count');
  }

  /** Every data stream writes into a new index from now on; one that is not there yet has none. How many there are. */
  async rollOver(): Promise<number> {
    let rolled = 0;
    for (const style of styles) {
      const { status } = await this.server.request('POST', `/logs-${style}-default/_rollover`);
      if (status === 200) rolled += 1;
    }
    return rolled;
  }

  async start(name: HubName): Promise<void> {
    this.#watch(await this.host(name).start());
  }

  async kill(host: HubHost | AgentHost): Promise<void> {
    if (!host.running) throw new Error(`${host.program.name} ended by itself\n${host.program.tail()}`);
    await host.program.kill();
  }

  async pause(host: HubHost | AgentHost, work: () => Promise<void>): Promise<void> {
    host.program.signal('SIGSTOP');
    await work();
    host.program.signal('SIGCONT');
  }

  /** The one that is left does everything. False when it did not come by the point in time, and was killed instead. */
  async dieAtPoint(point: string, count: number): Promise<boolean> {
    const host = this.host('hub');
    await host.writeConfig();
    const program = host.launch({ crashPoint: `${point}:${count}` });
    this.#watch(program);
    const died = (): boolean => !program.running;
    const reached = await until(point, died, { deadlineMs: pointDeadlineMs, everyMs: 2 }).catch(() => false);
    const { signal, code } = await program.kill();
    if (reached && signal !== 'SIGKILL')
      throw new Error(`the hub ended with ${code ?? signal} instead of dying at ${point}\n${program.tail()}`);
    return reached;
  }

  /** Requests arrive, and nobody hears what became of them. */
  async loseAnswers(work: () => Promise<void>): Promise<void> {
    this.proxy.silenceReplies();
    await work();
    this.proxy.cut();
  }

  /** What both hubs keep as refused, for people. */
  async deadLetters(): Promise<string> {
    const { stdout, stderr, code } = await this.host('hub').run('dlq', 'list', '--config', this.host('hub').configPath, '--json');
    if (code !== 0) throw new Error(`dlq list ended with ${code}\n${stdout}${stderr}`);
    const listed: unknown = JSON.parse(stdout);
    return listAt(listed, 'letters').length + listAt(listed, 'entries').length === 0 ? '' : stdout;
  }

  /** Ends everything but Elasticsearch in order; what had ended by itself is a problem. */
  async stop(): Promise<void> {
    for (const host of [...this.agents.map(({ host: agent }) => agent), ...this.cluster.hubs]) {
      if (host.running) await host.program.stop();
      else this.problems.push(`ended by itself: ${host.program.tail(20)}`);
    }
  }

  async rest(fromMs: number, toMs: number, random: Random): Promise<void> {
    await sleep(random.between(fromMs, toMs));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#owned.disposeAsync();
  }

  /** How far pipelines are, by channel and partition; undefined while the hub does not tell. */
  async #pipelinePlaces(): Promise<ReadonlyMap<string, { readonly cursor: number; readonly entries: number }> | undefined> {
    const answer = await getOverUnixSocket(`${this.host('hub').runDir}/hub.sock`, '/channels');
    const channels = at(answer, 'channels');
    if (!Array.isArray(channels)) return undefined;
    const places = new Map<string, { cursor: number; entries: number }>();
    for (const channel of listAt(channels)) {
      for (const group of listAt(channel, 'groups')) {
        if (at(group, 'group') !== 'pipeline') continue;
        for (const place of listAt(group, 'partitions')) {
          const name = `${textAt(channel, 'channel')} ${numberAt(place, 'partition')}`;
          places.set(name, { cursor: numberAt(place, 'cursor'), entries: numberAt(place, 'entries') });
        }
      }
    }
    return places;
  }

  /** Until then documents wait, and nothing can be struck. */
  async #isSetUp(): Promise<boolean> {
    return (await this.server.request('GET', '/_index_template/tributary-logs-type-dated')).status === 200;
  }

  #watch(program: Program): void {
    for (const line of program.logs) this.#heard(line);
    program.onLog((line) => this.#heard(line));
  }

  /** Findings are errors where they are red: health tells of what was done here. */
  #heard({ level, message, fields }: LogLine): void {
    const isNamed = at(fields, 'event') === 'finding-raised';
    if (level === 'error' && !isNamed) this.problems.push(`a hub logs: ${message} ${JSON.stringify(fields).slice(0, 500)}`);
  }
}
