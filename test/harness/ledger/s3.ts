/**
 * The scenario `s3`: an agent with a writer and rotation → a hub → an archive in a bucket of a real S3 server, in uploads of several parts. Each
 * round the hub dies as by `kill -9`, at a named point too, or the server dies, is stopped for a while or unreachable. At the end the files of the
 * server's bucket, read by `zstd -dc` and Python, hold every line once and in order.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { AgentHost } from '../agent-host.ts';
import { HubHost } from '../hub-host.ts';
import type { LogLine, Program } from '../program.ts';
import { Random } from '../random.ts';
import { RedisProxy } from '../redis/redis-proxy.ts';
import { S3Server } from '../s3/s3-server.ts';
import { Scratch } from '../scratch.ts';
import { until } from '../until.ts';
import { checkArchive } from './check.ts';
import type { EdgeOptions, EdgeResult } from './edge.ts';
import { KnownFiles } from './known-files.ts';
import { settled, tailsOf } from './settled.ts';
import { Writer } from './writer.ts';

/** With what an object waits for, several parts of the least size that S3 takes. */
const bytesPerSecond = 1_500_000;
const rotateBytes = 2_000_000;
const roll = { roll_interval: '6s', part_bytes: '5MiB' };
const bucket = 'archive';
const rest = { msMin: 500, msMax: 6000 };
const downMsMax = 4000;
const pointDeadlineMs = 40_000;
const roundsTriedPerCounted = 2;
const points = ['hub.archive.parts-uploaded', 'hub.archive.after-plan', 'hub.archive.before-commit', 'hub.archive.after-commit'];

export async function runS3(options: EdgeOptions): Promise<EdgeResult> {
  const { programs, rounds, seed, log } = options;
  const random = new Random(seed);
  await using owned = new AsyncDisposableStack();
  const scratch = owned.use(await Scratch.make());
  const server = owned.use(await S3Server.start({ folder: scratch.file('s3'), buckets: [bucket] }));
  const proxy = owned.use(await RedisProxy.start({ host: '127.0.0.1', port: server.port }));
  const archive = server.bucketFolder(bucket);
  const { region, accessKey, secretKey } = server;
  const endpoint = `http://127.0.0.1:${proxy.port}`;
  const { part_bytes: partBytes, ...often } = roll;
  const s3 = { bucket, endpoint, region, access_key: accessKey, secret_key: secretKey, part_bytes: partBytes };
  const config = { outputs: [{ kind: 'archive', ...often, s3 }], queue: { replay_window: '2s' } };
  const hub = owned.use(new HubHost({ programs, scratch, config }));
  const logs = await scratch.folder('logs');
  const inputs = [{ kind: 'file', paths: [`${logs}/*.log*`], type: 'app' }];
  const agentConfig = { buffer: { replay_window: '3s' } };
  const agent = owned.use(new AgentHost({ programs, scratch, hubs: () => [hub.url], config: agentConfig, inputs }));
  const faults = new S3Faults({ hub, server, proxy, random: random.fork(2) });
  faults.watch(await hub.start());
  await agent.start();
  const known = owned.use(new KnownFiles(agent));
  const mayLeave = (path: string): boolean => known.mayLeave(path);
  const writer = new Writer({ folder: logs, seed, bytesPerSecond, rotateBytes, mayLeave });
  writer.start();
  let counted = 0;
  let tried = 0;
  for (; counted < rounds; tried += 1) {
    if (tried > rounds * roundsTriedPerCounted + 5) throw new Error('too few rounds had an upload under way');
    await sleep(random.between(rest.msMin, rest.msMax));
    const { name, uploads } = await faults.strike();
    if (uploads > 0) counted += 1;
    log(`round ${tried + 1}: ${name}; ${uploads} uploads under way; ${counted} counted`);
  }
  const written = writer.stop();
  const bytes = written.reduce((sum, file) => sum + file.bytes, 0);
  log(`stopped writing: ${written.length} files, ${(bytes / 1e6).toFixed(1)} MB; waiting until all is archived`);
  await settled({ archive, bytes, log, tail: () => tailsOf(agent, hub) });
  for (const { program } of [agent, hub]) {
    if (program.running) await program.stop();
    else faults.problems.push(`ended by itself: ${program.tail(20)}`);
  }
  const verdict = await checkArchive({ archive, written, manifestPath: scratch.file('manifest.json') });
  for (const example of verdict.examples) log(`  ${example}`);
  const { counts, problems } = faults;
  return { rounds: counted, roundsNotCounted: tried - counted, faults: counts, problems, verdict };
}

interface S3Site {
  readonly hub: HubHost;
  readonly server: S3Server;
  readonly proxy: RedisProxy;
  readonly random: Random;
}

type Strike = () => Promise<string | void>;

/** What happens next, by seed: everything once before anything for a second time. */
class S3Faults {
  readonly #site: S3Site;
  #deck: [string, Strike][] = [];
  #uploads = 0;
  readonly counts: Record<string, number> = {};
  /** Sentences of what should not have been. */
  readonly problems: string[] = [];

  constructor(site: S3Site) {
    this.#site = site;
  }

  async strike(): Promise<{ readonly name: string; readonly uploads: number }> {
    if (this.#deck.length === 0) this.#deck = this.#shuffled(this.#faults());
    const [name, strike] = this.#deck.shift() ?? ['nothing', () => Promise.resolve()];
    this.#uploads = await this.#uploadsUnderWay();
    const told = (await strike()) ?? name;
    this.counts[told] = (this.counts[told] ?? 0) + 1;
    return { name: told, uploads: this.#uploads };
  }

  watch(program: Program): void {
    for (const line of program.logs) this.#heard(line);
    program.onLog((line) => this.#heard(line));
  }

  #faults(): [string, Strike][] {
    const { hub, server, proxy } = this.#site;
    return [
      ['hub killed', async () => await this.#killHub(async () => await this.#down())],
      ['server killed', async () => await this.#killServer()],
      ['both killed', async () => await this.#killHub(async () => await this.#killServer())],
      ['server paused', async () => await this.#paused(server)],
      ['server paused, hub killed', async () => await this.#killHub(async () => await this.#paused(server))],
      ['answers lost', async () => await this.#loseAnswers()],
      ['connections cut', () => Promise.resolve(proxy.cut())],
      ['hub stopped', async () => await this.#stopHub(hub)],
      ...points.map((point): [string, Strike] => [point, async () => await this.#dieAt(point)]),
    ];
  }

  async #down(): Promise<void> {
    await sleep(this.#site.random.between(0, downMsMax));
  }

  async #start(): Promise<void> {
    this.watch(await this.#site.hub.start());
  }

  async #killHub(meanwhile: () => Promise<void>): Promise<void> {
    this.#mustRun();
    await this.#site.hub.program.kill();
    await meanwhile();
    await this.#start();
  }

  async #stopHub(hub: HubHost): Promise<void> {
    this.#mustRun();
    await hub.program.stop();
    await this.#start();
  }

  async #killServer(): Promise<void> {
    await this.#site.server.kill();
    await this.#down();
    await this.#site.server.restart();
  }

  async #paused(server: S3Server): Promise<void> {
    server.pause();
    await this.#down();
    server.resume();
  }

  async #loseAnswers(): Promise<void> {
    const { proxy } = this.#site;
    proxy.silenceReplies();
    await this.#down();
    proxy.cut();
  }

  async #dieAt(point: string): Promise<string | void> {
    const { hub, random } = this.#site;
    this.#mustRun();
    if (random.chance(0.5)) await hub.program.kill();
    else await hub.program.stop();
    await hub.writeConfig();
    const program = hub.launch({ crashPoint: `${point}:${random.between(1, 2)}` });
    this.watch(program);
    const died = (): boolean => !program.running;
    const reached = await until(point, died, { deadlineMs: pointDeadlineMs, everyMs: 2 }).catch(() => false);
    const { signal, code } = await program.kill();
    if (reached && signal !== 'SIGKILL')
      throw new Error(`the hub ended with ${code ?? signal} instead of dying at ${point}\n${program.tail()}`);
    if (reached) this.#uploads = 1;
    await this.#start();
    return reached ? point : `${point} not reached`;
  }

  /** As the server itself tells them. */
  async #uploadsUnderWay(): Promise<number> {
    const { status, body } = await this.#site.server.request({ method: 'GET', path: `/${bucket}`, query: { uploads: '' } });
    if (status !== 200) throw new Error(`the server tells no uploads: ${status} ${body.toString()}`);
    return body.toString().split('<Upload>').length - 1;
  }

  #mustRun(): void {
    const { hub } = this.#site;
    if (!hub.running) throw new Error(`the hub ended by itself\n${hub.program.tail()}`);
  }

  /** That its server was away is what was done here. */
  #heard({ level, message, fields }: LogLine): void {
    if (message.includes('it is tried again')) return;
    if (level === 'error' && fields['event'] !== 'finding-raised')
      this.problems.push(`the hub logs: ${message} ${JSON.stringify(fields).slice(0, 500)}`);
  }

  #shuffled<Item>(items: readonly Item[]): Item[] {
    const keyed = items.map((item) => ({ item, key: this.#site.random.next() }));
    return keyed.toSorted((one, other) => one.key - other.key).map(({ item }) => item);
  }
}
