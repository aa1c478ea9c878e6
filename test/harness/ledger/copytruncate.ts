/**
 * The scenario `copytruncate`: somebody else truncates the log, and the agent has to make the best of it. Each round one of these:
 *
 * - logrotate copies and truncates it while the agent runs, while it is dead after a `kill -9`, or just before one: all arrives, what
 *   was not read yet from the copy;
 * - it is truncated with no copy, within a line of which the agent has read the beginning: that is lost, and what the agent counts as
 *   lost must be what is missing in the archive, to the byte.
 *
 * The writer pauses while somebody truncates: what is written between a copy and the truncation is seen by nobody, and cannot be
 * counted by anyone.
 */
import { execFile } from 'node:child_process';
import { writeFile } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';
import { AgentHost } from '../agent-host.ts';
import { archivedRawBytes } from '../archive-objects.ts';
import { HubHost } from '../hub-host.ts';
import { isObject, listAt } from '../json.ts';
import type { LogLine, Program } from '../program.ts';
import { Random } from '../random.ts';
import { Scratch } from '../scratch.ts';
import { until } from '../until.ts';
import { checkArchive } from './check.ts';
import type { EdgeOptions, EdgeResult } from './edge.ts';
import { settled, tailsOf } from './settled.ts';
import { TruncatedLog } from './truncated-log.ts';

const kinds = ['logrotate', 'logrotate while the agent is dead', 'logrotate, then the agent dies', 'cut within a line'] as const;
type Kind = (typeof kinds)[number];

const roundBytesMax = 400_000;

export async function runCopytruncate(options: EdgeOptions): Promise<EdgeResult> {
  await using scratch = await Scratch.make();
  await using hub = new HubHost({ programs: options.programs, scratch });
  const path = `${await scratch.folder('logs')}/app.log`;
  await using agent = new AgentHost({
    programs: options.programs,
    scratch,
    hubs: () => [hub.url],
    config: { events: { enabled: false } },
    inputs: [{ kind: 'file', paths: [path], type: 'app', idle_flush: '1h' }],
  });
  await hub.start();
  const random = new Random(options.seed);
  using log = new TruncatedLog({ path, shadows: await scratch.folder('shadows'), random: random.fork(1) });
  const rounds = new Rounds({
    agent,
    archive: hub.archive,
    log,
    random: random.fork(2),
    logrotate: await logrotateOf(scratch, path),
  });
  await rounds.run(options);
  const written = log.files.reduce((sum, file) => sum + file.bytes, 0);
  options.log(`stopped writing: ${log.files.length} contents, ${(written / 1e6).toFixed(1)} MB; waiting until all is archived`);
  await settled({ archive: hub.archive, bytes: written - rounds.cutBytes, log: options.log, tail: () => tailsOf(agent, hub) });
  await agent.program.stop();
  await hub.program.stop();
  const verdict = await checkArchive({ archive: hub.archive, written: log.files, manifestPath: scratch.file('manifest.json') });
  for (const example of verdict.examples) options.log(`  ${example}`);
  const missing = written - (await archivedRawBytes(hub.archive));
  const losses = rounds.programs.flatMap((program) => lossesOf(program));
  const counted = losses.reduce((sum, { fields }) => sum + Number(fields['bytes']), 0);
  const faults = { ...rounds.faults, 'bytes missing': missing, 'bytes counted as lost': counted };
  const result = { rounds: options.rounds, roundsNotCounted: 0, faults };
  const cuts = rounds.faults['cut within a line'] ?? 0;
  // What is missing is exactly what was counted, a line for each cut: then the books balance.
  const isCounted = missing === counted && verdict.lost === cuts && verdict.incomplete === cuts;
  if (!isCounted) {
    for (const { fields } of losses) options.log(`  counted as lost: ${JSON.stringify(fields)}`);
    return { ...result, verdict: { ...verdict, incomplete: verdict.incomplete + 1 } };
  }
  return { ...result, verdict: { ...verdict, written: verdict.written - cuts, lost: 0, incomplete: 0 } };
}

interface RoundsOptions {
  readonly agent: AgentHost;
  readonly archive: string;
  readonly log: TruncatedLog;
  readonly random: Random;
  readonly logrotate: () => Promise<void>;
}

class Rounds {
  readonly #options: RoundsOptions;
  /** Every process of the agent: each tells in its log what it counted. */
  readonly programs: Program[] = [];
  readonly faults: Record<string, number> = {};
  cutBytes = 0;
  /** The stream of the content before: what is told of it is not of this one. */
  #streamBefore = '';

  constructor(options: RoundsOptions) {
    this.#options = options;
  }

  async run({ rounds, log }: EdgeOptions): Promise<void> {
    await this.#startAgent();
    for (let round = 0; round < rounds; round += 1) {
      const kind = kinds[round < kinds.length ? round : this.#options.random.below(kinds.length)] ?? 'logrotate';
      await this.#round(kind);
      this.faults[kind] = (this.faults[kind] ?? 0) + 1;
      log(`round ${round + 1}: ${kind}`);
    }
    this.#options.log.append(1000);
  }

  async #round(kind: Kind): Promise<void> {
    const { agent, log, random, logrotate } = this.#options;
    for (let pieces = random.between(1, 10); pieces > 0; pieces -= 1) {
      log.append(random.between(1, roundBytesMax / 5));
      await sleep(random.between(0, 50));
    }
    if (kind === 'cut within a line') {
      await this.#cutWithinLine();
      return;
    }
    // A file that was born and truncated before an agent looked is known to nobody.
    await this.#isRead(0);
    if (kind === 'logrotate while the agent is dead') {
      await agent.program.kill();
      log.append(random.between(1, roundBytesMax));
    }
    await logrotate();
    log.truncated();
    if (kind === 'logrotate') return;
    if (agent.running) await agent.program.kill();
    await this.#startAgent();
  }

  /** The agent holds the beginning of a line when the file is truncated. */
  async #cutWithinLine(): Promise<void> {
    const { agent, archive, log } = this.#options;
    const bytes = log.appendBegunLine();
    // Who has read the line before has seen the one that is begun: they were written together.
    await this.#isRead(log.bytes - bytes);
    this.cutBytes += bytes;
    // What was read and is not stored yet goes with the process, if it is killed next; nobody would know of it.
    const written = log.files.reduce((sum, file) => sum + file.bytes, 0) - this.cutBytes;
    const isArchived = async (): Promise<boolean> => (await archivedRawBytes(archive)) >= written;
    await until('whole lines are archived', isArchived, { detail: () => agent.program.tail() });
    log.truncate();
  }

  /** Waits until the agent knows what the log holds now, and has read so many bytes of it. */
  async #isRead(bytes: number): Promise<void> {
    const { agent, log } = this.#options;
    const seen = async (): Promise<string | undefined> => {
      const source = (await sourcesOf(agent)).find(({ path }) => path === log.path);
      if (source === undefined || source.streamId === this.#streamBefore) return undefined;
      return source.position >= bytes ? source.streamId : undefined;
    };
    const what = `the agent has read ${bytes} bytes`;
    this.#streamBefore = await until(what, seen, { detail: () => agent.program.tail() });
  }

  async #startAgent(): Promise<void> {
    this.programs.push(await this.#options.agent.start());
  }
}

interface SeenSource {
  readonly path: string;
  readonly streamId: string;
  readonly position: number;
}

async function sourcesOf(agent: AgentHost): Promise<readonly SeenSource[]> {
  const status = await agent.status();
  if (!isObject(status) || !Array.isArray(status['sources'])) return [];
  return listAt(status, 'sources').flatMap((source) => {
    if (!isObject(source) || source['state'] === 'rotated') return [];
    const { path, streamId, position } = source;
    const isSource = typeof path === 'string' && typeof streamId === 'string' && typeof position === 'number';
    return isSource ? [{ path, streamId, position }] : [];
  });
}

function lossesOf(program: Program): readonly LogLine[] {
  return program.logs.filter(({ fields }) => fields['event'] === 'data-lost');
}

/** Runs the real logrotate, with a state of its own. */
async function logrotateOf(scratch: Scratch, path: string): Promise<() => Promise<void>> {
  const [config, state] = [scratch.file('logrotate.conf'), scratch.file('logrotate.state')];
  await writeFile(config, `${path} {\n  copytruncate\n  rotate 1000\n  size 1\n  nocompress\n  missingok\n}\n`, { mode: 0o644 });
  return async () => void (await promisify(execFile)('logrotate', ['--force', '--state', state, config]));
}
