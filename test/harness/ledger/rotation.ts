/**
 * The scenario `rotation`: writers that never stop, and an agent that rotates their logs every second, by rename and signal, by
 * collapsing and by punching. Each round the agent dies as by `kill -9`, at a named point of its rotation or at a random moment, and is
 * started again. At the end everything must be in the archive once and in order, and what collapsing copied must, one after the other,
 * be the log.
 */
import { readdir, readFile } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import { zstdDecompressSync } from 'node:zlib';
import { AgentHost } from '../agent-host.ts';
import { HubHost } from '../hub-host.ts';
import { Random } from '../random.ts';
import { Scratch } from '../scratch.ts';
import { until } from '../until.ts';
import { AppenderHost } from './appender-host.ts';
import { checkArchive } from './check.ts';
import type { EdgeOptions, EdgeResult } from './edge.ts';
import type { WrittenFile } from './rotating-file.ts';
import { settled, tailsOf } from './settled.ts';

/** Every named point of rotation that these groups pass, as docs/ARCHITECTURE.md lists them. */
const points = [
  'agent.rotation.after-rename',
  'agent.rotation.after-compress',
  'agent.rotation.before-remove-original',
  'agent.rotation.after-copy',
  'agent.rotation.before-punch',
  'agent.rotation.after-punch',
  'agent.rotation.before-collapse',
  'agent.rotation.after-collapse',
  'agent.rotation.before-base',
  'agent.rotation.before-hole',
];
const names = ['renamed', 'collapsed', 'punched'] as const;
const bytesPerSecond = 300_000;
const pointDeadlineMs = 20_000;
const triesPerRound = 3;

export async function runRotation(options: EdgeOptions): Promise<EdgeResult> {
  await using scratch = await Scratch.make();
  await using hub = new HubHost({ programs: options.programs, scratch });
  const [logs, shadows] = [await scratch.folder('logs'), await scratch.folder('shadows')];
  await using agent = new AgentHost({
    programs: options.programs,
    scratch,
    hubs: () => [hub.url],
    config: { rotation: groups(logs), events: { enabled: false } },
    inputs: names.map((name) => ({ kind: 'file', paths: [`${logs}/${name}.log*`], type: name })),
  });
  await hub.start();
  await using owned = new AsyncDisposableStack();
  const appenders: AppenderHost[] = [];
  for (const [stream, name] of names.entries()) {
    const paths = { path: `${logs}/${name}.log`, shadows, pidFile: `${logs}/${name}.pid` };
    const appender = await AppenderHost.start({ ...paths, stream, seed: options.seed + stream, bytesPerSecond });
    appenders.push(owned.use(appender));
  }
  const rounds = await runRounds(agent, options);
  const written = (await Promise.all(appenders.map(async (appender) => await appender.stop()))).flat();
  const bytes = written.reduce((sum, file) => sum + file.bytes, 0);
  options.log(`stopped writing: ${written.length} files, ${(bytes / 1e6).toFixed(1)} MB; waiting until all is archived`);
  await settled({ archive: hub.archive, bytes, log: options.log, tail: () => tailsOf(agent, hub) });
  await agent.program.stop();
  await hub.program.stop();
  const verdict = await checkArchive({ archive: hub.archive, written, manifestPath: scratch.file('manifest.json') });
  for (const example of verdict.examples) options.log(`  ${example}`);
  if (await copiesAreWhole(logs, written)) return { ...rounds, verdict };
  options.log('  the copies of collapsed.log and what is left of it are not what was written');
  return { ...rounds, verdict: { ...verdict, incomplete: verdict.incomplete + 1 } };
}

function groups(logs: string): readonly Readonly<Record<string, unknown>>[] {
  const schedule = '* * * * * *';
  const pidFile = `${logs}/renamed.pid`;
  return [
    {
      name: 'renamed',
      paths: [`${logs}/renamed.log`],
      schedule,
      keep: { count: 3 },
      compress_after: '0s',
      signal: { pid_file: pidFile },
    },
    { name: 'collapsed', paths: [`${logs}/collapsed.log`], schedule, mode: 'copytruncate', cut: 'collapse' },
    { name: 'punched', paths: [`${logs}/punched.log`], schedule, mode: 'copytruncate', cut: 'punch', keep: { count: 2 } },
  ];
}

type Rounds = Pick<EdgeResult, 'rounds' | 'roundsNotCounted' | 'faults'>;

async function runRounds(agent: AgentHost, { rounds, seed, log }: EdgeOptions): Promise<Rounds> {
  const random = new Random(seed).fork(7);
  const faults: Record<string, number> = {};
  let counted = 0;
  let tried = 0;
  while (counted < rounds) {
    if (tried > rounds * triesPerRound + 10) throw new Error('too few rounds died where they should');
    // Every point before any for a second time, with a random moment now and then.
    const point = random.chance(0.2) ? undefined : points[tried % points.length];
    const isReached = await dies(agent, point, random);
    tried += 1;
    const fault = `${point ?? 'killed'}${isReached ? '' : ' not reached'}`;
    faults[fault] = (faults[fault] ?? 0) + 1;
    if (isReached) counted += 1;
    log(`round ${tried}: ${fault}, ${counted} counted`);
  }
  await agent.start();
  return { rounds: counted, roundsNotCounted: tried - counted, faults };
}

/** False when the point was not reached in time, and the agent was killed instead. */
async function dies(agent: AgentHost, point: string | undefined, random: Random): Promise<boolean> {
  const count = random.between(1, 2);
  const program = await agent.start(point === undefined ? {} : { crashPoint: `${point}:${count}` });
  if (point === undefined) {
    await sleep(random.between(300, 3000));
    if (!program.running) throw new Error(`the agent ended by itself\n${program.tail()}`);
    await program.kill();
    return true;
  }
  try {
    await until(`${point} is reached`, () => !program.running, { deadlineMs: pointDeadlineMs, everyMs: 5 });
  } catch {
    await program.kill();
    return false;
  }
  const { signal, code } = await program.exited;
  if (signal === 'SIGKILL') return true;
  throw new Error(`the agent ended with ${code ?? signal} instead of dying at ${point}\n${program.tail()}`);
}

/** Copies in the order of their names, and behind them what is left. */
async function copiesAreWhole(logs: string, written: readonly WrittenFile[]): Promise<boolean> {
  const copies = (await readdir(logs)).filter((name) => name.startsWith('collapsed.log-')).toSorted();
  const pieces = await Promise.all(copies.map(async (name) => zstdDecompressSync(await readFile(`${logs}/${name}`))));
  const rest = await readFile(`${logs}/collapsed.log`);
  const shadow = written.find(({ stream }) => stream === names.indexOf('collapsed'));
  return shadow !== undefined && Buffer.concat([...pieces, rest]).equals(await readFile(shadow.path));
}
