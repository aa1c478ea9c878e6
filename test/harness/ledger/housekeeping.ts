/**
 * The scenario `housekeeping`: an archive of many objects and an Elasticsearch with an index of each of many days, half of them too old. Each round
 * what is too old is being removed, and the hub dies meanwhile as by `kill -9`, at a named point too, or Elasticsearch does. At the end exactly
 * what is not too old is there, by the files of the folder and by what the server tells, and the archive verifies.
 *
 * Objects are copies of a real one under other times, whose rows `archive reindex` adds.
 */
import { randomBytes } from 'node:crypto';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { dirname, join, relative } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { archiveObjects } from '../archive-objects.ts';
import { ElasticsearchServer } from '../elasticsearch/elasticsearch-server.ts';
import { IndexingHub, type LookedAt } from '../elasticsearch/indexing-hub.ts';
import { at, isObject, listAt, numberAt, parseJson, textAt } from '../json.ts';
import { Random } from '../random.ts';
import { Scratch } from '../scratch.ts';
import { until } from '../until.ts';
import type { EdgeOptions, EdgeResult } from './edge.ts';

/** Days, each with an index of its own, and how many objects there are of all of them together. */
const sizes = { short: { days: 8, objects: 200 }, long: { days: 200, objects: 10_000 } };
const longRoundsMin = 10;
const dayMs = 86_400_000;
const type = 'app';
/** Of a machine that has much else to do. */
const runDeadlineMs = 600_000;
const points = [
  'hub.housekeeping.before-remove',
  'hub.housekeeping.object-removed',
  'hub.housekeeping.after-remove',
  'hub.queue.after-commit',
];
/** Of copies: no store of a test has it. */
const storeOfCopies = 'ab'.repeat(16);

/** Elasticsearch itself is killed where it is nobody else's. */
type HouseServer = LookedAt & Partial<Pick<ElasticsearchServer, 'kill' | 'restart'>>;

export interface HousekeepingOptions extends EdgeOptions {
  /** One that others use, too; its own unless given. */
  readonly server?: LookedAt;
}

interface House {
  readonly site: IndexingHub;
  readonly server: HouseServer;
  readonly tenant: string;
  readonly days: number;
  readonly random: Random;
}

export async function runHousekeeping({ rounds, seed, log, server: given }: HousekeepingOptions): Promise<EdgeResult> {
  const { days, objects } = rounds < longRoundsMin ? sizes.short : sizes.long;
  await using owned = new AsyncDisposableStack();
  const scratch = owned.use(await Scratch.make());
  const server: HouseServer = given ?? owned.use(await ElasticsearchServer.start({ folder: scratch.file('elasticsearch') }));
  const tenant = `house_${randomBytes(4).toString('hex')}`;
  const archive = await scratch.folder('archive');
  const keptDays = days / 2;
  const retention = (['indices', 'archive'] as const).map((kind) => ({ kind, age: `${keptDays}d` }));
  const more = {
    outputs: [{ kind: 'archive', folder: archive, roll_interval: '1s' }],
    // Nothing goes by the clock: each run is begun here.
    housekeeping: { retention, schedule: '0 0 29 2 *' },
  };
  const pipeline = 'steps:\n  - json: {}\n  - timestamp: { from: at }\n';
  const site = owned.use(
    await IndexingHub.start({
      server,
      tenant,
      types: [type],
      output: { indices: 'daily', daily_past: `${days + 1}d` },
      more,
      pipeline,
    }),
  );
  const house = { site, server, tenant, days, random: new Random(seed) };
  const madeIndices = await makeIndices(house);
  const [real] = await until('an object is there', async () => {
    const found = (await archiveObjects(archive)).filter((path) => path.includes(`/${tenant}/${type}/`));
    return found.length > 0 && found;
  });
  if (real === undefined) throw new Error('there is an object');
  const made = await copyObject(real, { archive, tenant, days, objects });
  log(`${madeIndices.length} indices and ${made.size} objects are there; their rows come next`);
  await site.command('archive', 'reindex');
  const nowMs = Date.now();
  const faults = await harass(house, { rounds, log });
  const startMs = performance.now();
  await site.command('housekeeping');
  log(`the last run took ${((performance.now() - startMs) / 1000).toFixed(1)} s`);
  const problems = await problemsOf(site);
  const isYoung = (ms: number): boolean => nowMs - ms < keptDays * dayMs;
  const left = new Set((await archiveObjects(archive)).map((path) => relative(archive, path)));
  const indices = new Set(await indicesOf(house));
  const expected = [
    ...[...made].map(([name, ms]) => ({ name, isKept: isYoung(ms), isThere: left.has(name) })),
    // Of an index its age begins when its day is over.
    ...madeIndices.map(({ name, ms }) => ({ name, isKept: isYoung(ms + dayMs), isThere: indices.has(name) })),
  ];
  const count = (isMeant: (one: (typeof expected)[number]) => boolean): number => expected.filter(isMeant).length;
  const verdict = {
    written: count(({ isKept }) => isKept),
    arrived: count(({ isKept, isThere }) => isKept && isThere),
    lost: count(({ isKept, isThere }) => isKept && !isThere),
    foreign: count(({ isKept, isThere }) => !isKept && isThere),
    doubled: 0,
    disordered: 0,
    mismatched: 0,
    incomplete: 0,
    streams: 0,
    rows: expected.length,
    objects: left.size,
    examples: expected.filter(({ isKept, isThere }) => isKept !== isThere).map(({ name }) => name),
  };
  for (const example of verdict.examples.slice(0, 10)) log(`  ${example}`);
  return { rounds, roundsNotCounted: 0, faults, problems, verdict };
}

/** A document of each day before now makes its index. */
async function makeIndices(house: House): Promise<{ readonly name: string; readonly ms: number }[]> {
  const { site, days } = house;
  const today = Math.floor(Date.now() / dayMs) * dayMs;
  // The day at which the limit is, is no matter of a scenario that may run over midnight.
  const starts = Array.from({ length: days }, (_, day) => today - day * dayMs).filter((_, day) => day !== days / 2);
  await site.push(
    type,
    starts.map((ms) => ({ at: new Date(ms).toISOString(), message: 'of a day' })),
  );
  await until('each day has its index', async () => (await indicesOf(house)).length >= starts.length, {
    deadlineMs: 600_000,
    everyMs: 500,
    detail: () => site.hub.program.tail(),
  });
  return starts.map((ms) => ({ name: `${site.name(type)}-${new Date(ms).toISOString().slice(0, 10).replaceAll('-', '.')}`, ms }));
}

async function indicesOf({ server, site }: House): Promise<string[]> {
  const found = await server.ask('GET', `/${site.name(type)}-*/_settings/index.uuid`);
  return isObject(found) ? Object.keys(found) : [];
}

/** Names of the copies, and when the newest record of each was received. */
async function copyObject(
  real: string,
  {
    archive,
    tenant,
    days,
    objects,
  }: { readonly archive: string; readonly tenant: string; readonly days: number; readonly objects: number },
): Promise<ReadonlyMap<string, number>> {
  const bytes = await readFile(real);
  const manifest = parseJson(await readFile(real.replace('.csv.zst', '.json'), 'utf8'));
  if (!isObject(manifest)) throw new Error(`the manifest of ${real} is none`);
  const { chain: _chain, ...others } = manifest;
  const made = new Map<string, number>();
  const nowMs = Date.now();
  for (let number = 1; number <= objects; number += 1) {
    // Between the hours, so that none is at the limit.
    const ms = nowMs - dayMs * days + Math.floor(((number - 0.5) / objects) * dayMs * days);
    const time = new Date(ms).toISOString();
    const hour = time.slice(0, 13).replaceAll(/[-T]/g, '/');
    const [first, last] = [number * 10 - 9, number * 10];
    const name = `${tenant}/${type}/${hour}/${storeOfCopies}-0-${first}-${last}.csv.zst`;
    const received = { from: time, to: time };
    const plan = { ...Object(others['plan']), first, last };
    await mkdir(dirname(join(archive, name)), { recursive: true });
    await writeFile(join(archive, name), bytes);
    const text = JSON.stringify({ ...others, name, store: storeOfCopies, plan, received }, undefined, 1);
    await writeFile(join(archive, name.replace('.csv.zst', '.json')), `${text}\n`);
    made.set(name, ms);
  }
  return made;
}

/** Each run is ended in the middle, and goes on in the next one. A hub that just began waits a while before its first run. */
async function harass(
  { site, server, random }: House,
  { rounds, log }: Pick<EdgeOptions, 'rounds' | 'log'>,
): Promise<Record<string, number>> {
  const counts: Record<string, number> = {};
  for (let round = 1; round <= rounds; round += 1) {
    const kind =
      round % 3 === 0 && server.kill !== undefined
        ? 'elasticsearch killed'
        : random.chance(0.5)
          ? random.pick(points)
          : 'hub killed';
    let told: string = kind;
    if (points.includes(kind)) {
      await site.hub.program.stop();
      await site.hub.start({ crashPoint: `${kind}:${random.between(1, 40)}` });
    }
    let isOver = false;
    const run = site.hub.run('housekeeping', '--config', site.hub.configPath).finally(() => (isOver = true));
    const { program } = site.hub;
    const detail = (): string => program.tail();
    if (points.includes(kind)) {
      await until(`${kind}, or all is done`, () => isOver || !site.hub.running, {
        deadlineMs: runDeadlineMs,
        everyMs: 5,
        detail,
      });
      if (site.hub.running) told = `${kind} not reached`;
    } else {
      const begins = (): boolean => isOver || program.logs.some(({ message }) => message === 'housekeeping begins');
      await until('housekeeping begins', begins, { deadlineMs: runDeadlineMs, everyMs: 20, detail });
      await Promise.race([run, sleep(random.between(0, 3000))]);
      if (isOver) told = `${kind} when all was done`;
    }
    if (kind === 'elasticsearch killed') {
      await server.kill?.();
      await sleep(random.between(0, 2000));
      await server.restart?.();
    }
    await site.hub.program.kill();
    await run;
    await site.hub.start();
    counts[told] = (counts[told] ?? 0) + 1;
    log(`round ${round}: ${told}`);
  }
  return counts;
}

/** Nothing more is too old, and what is left of the archive is whole. */
async function problemsOf(site: IndexingHub): Promise<string[]> {
  const plan = parseJson(await site.command('housekeeping', '--dry-run', '--json'));
  const left = listAt(plan, 'kinds').reduce<number>((sum, kind) => sum + numberAt(kind, 'count'), 0);
  const notes = listAt(plan, 'notes').map(String);
  const verified = parseJson(await site.command('archive', 'verify', '--json'));
  const broken = listAt(verified, 'problems').map((problem) => JSON.stringify(problem) ?? textAt(at(problem), 'text'));
  return [...(left === 0 ? [] : [`${left} are too old and still there`]), ...notes, ...broken.slice(0, 10)];
}
