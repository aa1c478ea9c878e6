/**
 * The scenarios `cluster`, `sentinel` and `redis-cluster`: five agents (three in a short run) with writers and rotation → proxies → three hubs, and a
 * fourth that only works, over real Redis: one server; a master with a replica under three Sentinels; or a Redis Cluster of three masters with a replica
 * each. With replicas an ack waits for them. One process at a time dies as by `kill -9`, is stopped as a machine that hangs, or loses its
 * connections, and comes back; a slot of the Cluster moves to another master. At the end everything must be in the one archive once and in
 * order.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { HubCluster } from '../cluster.ts';
import { Random } from '../random.ts';
import { Scratch } from '../scratch.ts';
import { checkArchive } from './check.ts';
import { redisOf, type LedgerRedis } from './cluster-redis.ts';
import type { EdgeOptions, EdgeResult } from './edge.ts';
import { KnownFiles } from './known-files.ts';
import { settled } from './settled.ts';
import { Victims, type Fault } from './victims.ts';
import { Writer } from './writer.ts';

const hubs = 3;
/** Each is a process that has to start. */
const agents = { short: 3, long: 5 };
/** Of each agent; in a round of a short run no more than the allowance. */
const paces = {
  short: { bytesPerSecond: 120_000, allowanceBytes: 300_000, rotateBytes: 100_000 },
  long: { bytesPerSecond: 120_000, rotateBytes: 200_000 },
};
/** A paused process outlives leases, heartbeats and connections of a run that is not a short one. */
const pauseMs = { long: 20_000, short: 3000 };
const longRounds = 20;
/** Between two faults: now and then the site is not yet quite itself when the next one comes. */
const calmMs = { min: 200, max: 4000 };

export async function runCluster(options: EdgeOptions): Promise<EdgeResult> {
  return await run(options, 'one');
}

export async function runSentinel(options: EdgeOptions): Promise<EdgeResult> {
  return await run(options, 'sentinel');
}

export async function runRedisCluster(options: EdgeOptions): Promise<EdgeResult> {
  return await run(options, 'cluster');
}

async function run(options: EdgeOptions, kind: LedgerRedis['kind']): Promise<EdgeResult> {
  const { programs, log, seed } = options;
  const isLong = options.rounds >= longRounds;
  await using owned = new AsyncDisposableStack();
  const scratch = owned.use(await Scratch.make());
  const redis = owned.use(await redisOf(kind, scratch.path, hubs + 1));
  const cluster = owned.use(
    await HubCluster.start({
      programs,
      scratch,
      hubs: hubs + 1,
      agents: isLong ? agents.long : agents.short,
      proxied: true,
      redis: (hub) => redis.options(hub),
      hub: (hub) => ({ queue: { replay_window: '60s' }, ...(hub === hubs ? { cluster: { roles: ['work'] } } : {}) }),
      agent: { buffer: { replay_window: '60s' } },
      inputs: (logs) => [
        { kind: 'file', paths: [`${logs}/shift*.log*`], type: 'shift' },
        { kind: 'file', paths: [`${logs}/dated*.log*`], type: 'dated' },
        { kind: 'file', paths: [`${logs}/away*.log*`], type: 'away' },
      ],
    }),
  );
  const pace = isLong ? paces.long : paces.short;
  const writers = cluster.agents.map(({ host, logs }, number) => {
    const known = owned.use(new KnownFiles(host));
    const mayLeave = (path: string): boolean => known.mayLeave(path);
    return new Writer({ folder: logs, seed: seed + number, firstStream: number * 100, ...pace, mayLeave });
  });
  for (const { host } of cluster.agents) await host.start();
  for (const writer of writers) writer.start();
  const faults = await harass(options, { cluster, redis, writers });
  const written = writers.flatMap((writer) => writer.stop());
  const bytes = written.reduce((sum, file) => sum + file.bytes, 0);
  log(`stopped writing: ${written.length} files, ${(bytes / 1e6).toFixed(1)} MB; waiting until all is archived`);
  await settled({ archive: cluster.archive, bytes, log, tail: () => cluster.tail() });
  const problems = [...(await redis.problems()), ...(await stopped(cluster))];
  const verdict = await checkArchive({ archive: cluster.archive, written, manifestPath: scratch.file('manifest.json') });
  for (const example of verdict.examples) log(`  ${example}`);
  return { rounds: options.rounds, roundsNotCounted: 0, faults, problems, verdict };
}

/** One fault after the other, each ended before the next. What they were, and how often. */
async function harass(
  { rounds, seed, log }: EdgeOptions,
  site: { readonly cluster: HubCluster; readonly redis: LedgerRedis; readonly writers: readonly Writer[] },
): Promise<Record<string, number>> {
  const random = new Random(seed);
  const victims = new Victims(site, random.fork(7));
  const counts: Record<string, number> = {};
  const lengthMs = rounds >= longRounds ? pauseMs.long : pauseMs.short;
  for (let round = 1; round <= rounds; round += 1) {
    for (const writer of site.writers) writer.allow();
    await sleep(random.between(calmMs.min, calmMs.max));
    const fault: Fault = victims.next();
    const name = `${fault.victim} ${fault.kind}`;
    counts[name] = (counts[name] ?? 0) + 1;
    log(`round ${round}: ${fault.which} ${fault.kind}`);
    await victims.strike(fault, lengthMs);
  }
  return counts;
}

/** What ended by itself is a problem, whatever the archive says. */
async function stopped(cluster: HubCluster): Promise<string[]> {
  const programs = [...cluster.agents.map(({ host }) => host), ...cluster.hubs];
  const problems = programs.filter(({ running }) => !running).map(({ program }) => `ended by itself: ${program.tail(20)}`);
  const processes = new Set(programs.map(({ program }) => program.pid)).size;
  if (processes !== programs.length) problems.push(`${programs.length} hubs and agents are only ${processes} processes`);
  for (const host of programs) if (host.running) await host.program.stop();
  return problems;
}
