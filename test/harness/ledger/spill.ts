/**
 * The scenario `spill`: two hubs over one Redis with little memory, an archive that stands still, and far more log than that memory
 * holds. Each round ships 250 MB; halfway a hub and Redis die as by `kill -9`. All of it waits in the spill folder, Redis stays below
 * its `maxmemory`, and once the archive goes on every line is there once and in order.
 */
import { readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { HubCluster } from '../cluster.ts';
import { Random } from '../random.ts';
import { RedisServer } from '../redis/redis-server.ts';
import { Scratch } from '../scratch.ts';
import { writeBulkLog } from './bulk-log.ts';
import { checkArchive } from './check.ts';
import type { EdgeOptions, EdgeResult } from './edge.ts';
import type { WrittenFile } from './rotating-file.ts';
import { settled } from './settled.ts';

const hubs = 2;
const fileBytes = 250_000_000;
/** A short run has less log, and has to spill as well. */
const memory = { long: '32MiB', short: '8MiB' };
const longRounds = 4;
/** The folder's own notes. */
const notesBytesMax = 4096;
/** What a hub had put there and named nowhere when it was killed is for the sweep, an hour later. */
const leftBytesMax = 4_000_000;
/** What Redis has for everything: bodies, entries, streams, buffers. */
const maxmemoryBytes = 64 * (1 << 20);
const partitions = 16;
/** The channel is there, and its archive stands still, before the log comes. */
const firstBytes = 100_000;
const group = 'archive';
const type = 'bulk';
const lookEveryMs = 250;

export async function runSpill(options: EdgeOptions): Promise<EdgeResult> {
  const { programs, log, rounds, seed } = options;
  const scratch = await Scratch.make();
  const spill = await scratch.folder('spill');
  await using redis = await RedisServer.start({
    folder: join(scratch.path, 'redis'),
    settings: { maxmemory: maxmemoryBytes },
  });
  await using cluster = await HubCluster.start({
    programs,
    scratch,
    hubs,
    agents: 1,
    redis: () => ({ url: redis.url, partitions, memory: rounds >= longRounds ? memory.long : memory.short, spill }),
    hub: { queue: { max_bytes: '32GiB', topic_max_bytes: '16GiB', replay_window: '1s' } },
  });
  const random = new Random(seed);
  const logs = await scratch.folder('bulk');
  const write = (generation: number, bytes: number): WrittenFile => {
    const place = { stream: 0, generation, bytes, path: join(logs, `${generation}.log`) };
    return writeBulkLog({ ...place, random: random.fork(generation) });
  };
  const written = [write(0, firstBytes)];
  await ship(cluster, written);
  await channel(cluster, 'pause');
  const memoryPeak = new MemoryPeak(redis);
  for (let round = 1; round <= rounds; round += 1) {
    const file = write(round, fileBytes);
    written.push(file);
    const startMs = performance.now();
    await ship(cluster, [file]);
    const seconds = (performance.now() - startMs) / 1000;
    const waiting = `${((await folderBytes(spill)) / 1e6).toFixed(0)} MB in the spill folder`;
    const used = `${(Number(await redis.info('used_memory')) / 1e6).toFixed(0)} MB in Redis`;
    log(`round ${round}: ${(file.bytes / 1e6).toFixed(0)} MB acked in ${seconds.toFixed(1)} s; ${waiting}, ${used}`);
    if (round === Math.ceil(rounds / 2)) await killOne(cluster, redis, log);
  }
  const spilledBytes = await folderBytes(spill);
  await channel(cluster, 'resume');
  const bytes = written.reduce((sum, file) => sum + file.bytes, 0);
  const startMs = performance.now();
  log(
    `${(bytes / 1e6).toFixed(0)} MB wait, ${(spilledBytes / 1e6).toFixed(0)} MB of them in the spill folder; the archive goes on`,
  );
  await settled({ archive: cluster.archive, bytes, log, tail: () => cluster.tail() });
  log(`archived in ${((performance.now() - startMs) / 1000).toFixed(0)} s`);
  const problems = [...(await memoryPeak.end()), ...(spilledBytes <= notesBytesMax ? ['nothing was spilled'] : [])];
  await emptied(spill);
  const leftBytes = await folderBytes(spill);
  if (leftBytes > leftBytesMax) problems.push(`${leftBytes} bytes are left in the spill folder`);
  for (const hub of cluster.hubs) await hub.program.stop();
  const verdict = await checkArchive({ archive: cluster.archive, written, manifestPath: scratch.file('manifest.json') });
  for (const example of verdict.examples) log(`  ${example}`);
  const faults = { 'hub killed': 1, 'redis killed': 1, 'megabytes shipped': Math.round(bytes / 1e6) };
  const peaks = {
    'megabytes spilled': Math.round(spilledBytes / 1e6),
    'peak megabytes of Redis': Math.round(memoryPeak.bytes / 1e6),
  };
  return { rounds, roundsNotCounted: 0, faults: { ...faults, ...peaks }, problems, verdict };
}

async function ship(cluster: HubCluster, files: readonly WrittenFile[]): Promise<void> {
  const agent = cluster.agents[0]?.host;
  if (agent === undefined) throw new Error('there is an agent');
  await agent.writeConfig();
  const paths = files.map(({ path }) => path);
  const { code, stdout, stderr } = await agent.run(
    'ship',
    '--config',
    agent.configPath,
    '--type',
    type,
    '--until',
    'acked',
    ...paths,
  );
  if (code !== 0) throw new Error(`ship ended with ${code}\n${stdout}${stderr}\n${cluster.tail()}`);
}

async function channel(cluster: HubCluster, action: 'pause' | 'resume'): Promise<void> {
  const [hub] = cluster.hubs;
  if (hub === undefined) throw new Error('there is a hub');
  const { code, stderr } = await hub.run('channel', action, `default/${type}`, '--group', group, '--config', hub.configPath);
  if (code !== 0) throw new Error(`channel ${action} ended with ${code}\n${stderr}\n${hub.program.tail()}`);
}

/** What waits outlives both of them. */
async function killOne(cluster: HubCluster, redis: RedisServer, log: (line: string) => void): Promise<void> {
  const hub = cluster.hubs.at(-1);
  if (hub === undefined) throw new Error('there is a hub');
  log('  a hub is killed, and Redis');
  await hub.program.kill();
  await redis.kill();
  await redis.restart();
  await hub.start();
}

/** What Redis had at most, over its restarts. */
class MemoryPeak {
  readonly #redis: RedisServer;
  readonly #ended = new AbortController();
  readonly #run: Promise<void>;
  bytes = 0;

  constructor(redis: RedisServer) {
    this.#redis = redis;
    this.#run = this.#look();
  }

  /** Sentences of what was not as it must be. */
  async end(): Promise<string[]> {
    this.#ended.abort();
    await this.#run;
    return this.bytes <= maxmemoryBytes ? [] : [`Redis had ${this.bytes} bytes, ${maxmemoryBytes} are its maxmemory`];
  }

  async #look(): Promise<void> {
    while (!this.#ended.signal.aborted) {
      // A server that is being started again tells nothing.
      const peak = await this.#redis.info('used_memory_peak').catch(() => '');
      this.bytes = Math.max(this.bytes, Number(peak));
      await sleep(lookEveryMs);
    }
  }
}

async function folderBytes(folder: string): Promise<number> {
  let sum = 0;
  for (const name of await readdir(folder, { recursive: true })) {
    // What is taken out may go between listing and looking.
    const found = await stat(join(folder, name)).catch(() => undefined);
    if (found?.isFile() === true) sum += found.size;
  }
  return sum;
}

/** Bodies go after their entries were taken out, a moment later. */
async function emptied(folder: string): Promise<void> {
  const end = performance.now() + 30_000;
  while (performance.now() < end && (await folderBytes(folder)) > notesBytesMax) await sleep(lookEveryMs);
}
