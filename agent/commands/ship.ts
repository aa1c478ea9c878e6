/**
 * `ship`: the agent as a one-shot command, with an identity and a buffer of its own under `data_dir/ship`. Reads files to their
 * ends, waits until the site has them, says what it did. The same files again add nothing: their streams are in the buffer, or the
 * site tells of them.
 */
import { closeSync, existsSync, openSync, realpathSync, statSync } from 'node:fs';
import { resolve } from 'node:path';
import type { Id } from '@tributary/protocol/messages.ts';
import { systemClock } from '@tributary/shared/clock.ts';
import { processLogger } from '@tributary/shared/log.ts';
import { isHubAddress, isOpenlyReached } from '@tributary/shared/network/hub-address.ts';
import { agentOptionsOf, inputDefaultsOf } from '../agent-options.ts';
import { Agent } from '../agent.ts';
import { AgentConfigError, loadConfig } from '../config/load-config.ts';
import { hubRule, namePattern, nameRule, plaintextRule } from '../config/rules.ts';
import { isEnrolled, readSite } from '@tributary/protocol/enrolment/enrolled-files.ts';
import { ownedBy } from '../enrolment/ownership.ts';
import { Condition } from '../framing/condition.ts';
import type { Run, SourceStatus } from '../inputs/input.ts';
import type { AgentConfig } from '../options.ts';
import { shipFolder } from './ship-folder.ts';
import { type CommandHost, type ExitCode, exitCode } from './exit.ts';

export interface ShipOptions {
  readonly files: readonly string[];
  readonly configFile: string;
  /** Whether the file was named on the command line: then it must be there. */
  readonly configGiven: boolean;
  readonly until: 'acked' | 'archived';
  readonly hub?: string | undefined;
  readonly type: string;
  readonly dataDir?: string | undefined;
  readonly json: boolean;
  readonly crashPoint?: string | undefined;
}

interface Shipped {
  lines: number;
  bytes: number;
}

interface Reached {
  held: number;
  archived: number;
}

const pollMs = 100;
const progressMs = 500;
const anonymousRule =
  'ship is an agent of its own, and has no certificate yet: `tributary-agent enroll TOKEN --ship` (with the same --data-dir) gives it one\n';
/** A last line without a newline is taken for the end of a file that was quiet for this long. */
const quietMs = 1000;
const maxLineBytes = 1024 * 1024;

export async function shipCommand(options: ShipOptions, host: CommandHost): Promise<ExitCode> {
  const misused = flagTroubles(options);
  if (misused.length > 0) {
    for (const line of misused) host.err(`tributary-agent: ${line}\n`);
    return exitCode.usage;
  }
  const paths = options.files.map((file) => resolve(host.cwd, file));
  const unreadable = paths.flatMap(readTrouble);
  if (unreadable.length > 0) {
    for (const line of unreadable) host.err(`${line}\n`);
    return exitCode.failed;
  }
  const config = await shipConfig(options, host);
  const isAnonymous =
    config.tls.cert === undefined && config.tls.pkcs12 === undefined && !isEnrolled(shipFolder(config.data_dir));
  if (isAnonymous && config.hubs.some((one) => one.startsWith('wss:'))) host.err(anonymousRule);
  const shipping = new Shipping(options, config, host);
  return await shipping.run(paths);
}

/** Flags are held to the rules of the options they stand for. */
function flagTroubles({ type, hub }: ShipOptions): string[] {
  const troubles: string[] = [];
  if (!namePattern.test(type)) {
    const meant = type.toLowerCase().replaceAll(/[^a-z0-9_]+/g, '_');
    const hint = namePattern.test(meant) ? `; did you mean ${meant}?` : '';
    troubles.push(`--type ${JSON.stringify(type)}: ${nameRule}${hint}`);
  }
  if (hub !== undefined && !isHubAddress(hub)) troubles.push(`--hub ${JSON.stringify(hub)}: ${hubRule}`);
  return troubles;
}

/**
 * A configuration file is used where there is one; `--hub` and `--data-dir` do without and win over it. Without either the hubs are those
 * that `enroll --ship` was told of.
 */
async function shipConfig(options: ShipOptions, host: CommandHost): Promise<AgentConfig> {
  const { configFile, configGiven, hub } = options;
  const dataDir = options.dataDir === undefined ? undefined : resolve(host.cwd, options.dataDir);
  if (configGiven || existsSync(configFile)) {
    const config = await loadConfig({ file: configFile, env: host.env });
    if (hub !== undefined && !config.plaintext && isOpenlyReached(hub, config.proxy)) {
      throw new AgentConfigError(`--hub ${hub}: ${plaintextRule}`);
    }
    return { ...config, ...(hub === undefined ? {} : { hubs: [hub] }), ...(dataDir === undefined ? {} : { data_dir: dataDir }) };
  }
  const enrolled = dataDir === undefined ? undefined : readSite(shipFolder(dataDir));
  const hubs = hub === undefined ? (enrolled?.hubs ?? ['ws://127.0.0.1:7701']) : [hub];
  const text = JSON.stringify({ hubs, ...(dataDir === undefined ? {} : { data_dir: dataDir }) });
  return await loadConfig({ file: 'the command line', text, env: host.env });
}

function readTrouble(path: string): string[] {
  try {
    if (!statSync(path).isFile()) return [`${path}: not a regular file`];
    closeSync(openSync(path, 'r'));
    return [];
  } catch (error) {
    return [`cannot read ${path}: ${error instanceof Error ? error.message : String(error)}`];
  }
}

/** One path for each file, however many names it was given by. */
function distinct(paths: readonly string[]): ReadonlyMap<string, string> {
  const byFile = new Map<string, string>();
  return new Map(
    paths.map((path) => {
      const { dev, ino } = statSync(path, { bigint: true });
      return [path, byFile.getOrInsert(`${dev}:${ino}`, realpathSync(path))];
    }),
  );
}

class Shipping {
  readonly #options: ShipOptions;
  readonly #config: AgentConfig;
  readonly #host: CommandHost;
  readonly #shipped = new Map<Id, Shipped>();
  readonly #reached = new Map<Id, Reached>();
  readonly #acked = new Condition();
  /** Positions declared lost in this run. */
  readonly #lost = new Map<Id, number>();
  /** The files as far as this run read them, once it has. */
  #sources: readonly SourceStatus[] | undefined;
  #toldTrouble = '';
  #progressAtMs = 0;

  constructor(options: ShipOptions, config: AgentConfig, host: CommandHost) {
    this.#options = options;
    this.#config = config;
    this.#host = host;
  }

  async run(named: readonly string[]): Promise<ExitCode> {
    const real = distinct(named);
    const startedMs = performance.now();
    const done = new Map<string, number>();
    const config = this.#config;
    await using agent = await Agent.start({
      ...agentOptionsOf(config),
      folder: shipFolder(config.data_dir),
      clock: systemClock,
      logger: processLogger(config.log.level === 'debug' ? 'debug' : 'error'),
      crashPoint: this.#options.crashPoint,
      once: true,
      wantArchived: this.#options.until === 'archived',
      onPositioned: ({ streamId, held, archived }) => this.#reached.set(streamId, { held, archived }),
      onPushed: (run) => this.#count(run),
      onAcked: () => this.#acked.notify(),
      onLost: ({ streamId, from, to }) => this.#lost.set(streamId, (this.#lost.get(streamId) ?? 0) + to - from),
    });
    const failure = await Promise.race([
      agent.failed,
      this.#ship(agent, [...new Set(real.values())], (path) => done.set(path, performance.now())),
    ]);
    if (failure !== undefined) throw failure;
    for (const [path, source] of real) {
      const seconds = ((done.get(source) ?? performance.now()) - startedMs) / 1000;
      this.#tell({ path, source, seconds });
    }
    const missing = [...real].filter(([path, source]) => this.#isMissing(agent, path, source));
    return missing.length === 0 ? exitCode.done : exitCode.failed;
  }

  /** A hub that is new, or lost its store, does not have what was acked longer than `replay_window` ago: nobody must think so. */
  #isMissing(agent: Agent, path: string, source: string): boolean {
    const streams = (this.#sources ?? [])
      .filter((one) => one.path === source)
      .map((one) => agent.buffer.stream(one.streamId).streamId);
    const lost = streams.reduce((sum, id) => sum + Math.max(this.#lost.get(id) ?? 0, agent.buffer.lostOf(id)), 0);
    if (lost === 0) return false;
    this.#host.err(
      `${path}: ${lost} bytes of it were acknowledged once, and this hub does not have them (a recorded gap); ` +
        `to send the whole file again, ship it with another --data-dir\n`,
    );
    return true;
  }

  async #ship(agent: Agent, paths: readonly string[], onDone: (path: string) => void): Promise<undefined> {
    const { stop } = this.#host;
    await this.#while(agent, agent.readable(stop));
    const { type } = this.#options;
    const input = {
      kind: 'file' as const,
      paths: [...paths],
      exclude: [],
      type,
      labels: {},
      start: 'beginning' as const,
      encoding: 'utf-8',
      max_line_bytes: maxLineBytes,
      idle_flush: quietMs,
      scan_interval: 1000,
      rotated_wait: 1000,
      rotated_files_max: 1000,
      open_files_max: 64,
      watch: 'auto' as const,
      by_path: [],
      compressed: 'never' as const,
      overflow: 'block' as const,
    };
    await agent.inputs.change({ inputs: [input], defaults: inputDefaultsOf(ownedBy(agent.owner, this.#config).config) });
    await this.#while(agent, agent.inputs.drained(stop));
    // What a file grows by from now on is the next run's: a busy file would never come to an end.
    const sources = agent.inputs.sources();
    this.#sources = sources;
    await this.#while(agent, agent.batcher.flush(stop));
    const unread = paths.filter((path) => !sources.some((source) => source.path === path && source.state !== 'failed'));
    if (unread.length > 0) throw new Error(`could not be read to the end: ${unread.join(', ')}`);
    const waiting = new Set(sources);
    for (;;) {
      for (const source of waiting) if (this.#isDone(agent, source) && waiting.delete(source)) onDone(source.path);
      if (waiting.size === 0) return undefined;
      await this.#while(agent, this.#ackOrPoll(agent, waiting));
    }
  }

  #isDone(agent: Agent, { streamId: id, position }: SourceStatus): boolean {
    const { streamId, start } = agent.buffer.stream(id);
    if (position === start) return true;
    const reached = this.#reached.get(streamId);
    if (this.#options.until === 'archived') return (reached?.archived ?? start) >= position;
    // What this run read was acked in this run; of what an earlier one did the site is asked whether it still has it.
    const isAcked = this.#shipped.has(id) && agent.buffer.firstUnacked(streamId) >= position;
    return isAcked || (reached?.held ?? start) >= position;
  }

  /** Acks come by themselves; what else there is to know is asked for. */
  async #ackOrPoll(agent: Agent, waiting: Iterable<SourceStatus>): Promise<void> {
    const { stop } = this.#host;
    const isSending = agent.buffer.status().unackedBatches > 0;
    if (!isSending) for (const { streamId } of waiting) agent.uplink.openStream(agent.buffer.stream(streamId).streamId);
    const over = new AbortController();
    const signal = AbortSignal.any([stop, over.signal]);
    try {
      await Promise.race([systemClock.sleep(pollMs, signal), this.#acked.wait(signal)]);
    } finally {
      over.abort();
    }
  }

  /** Tells how it goes while it waits: trouble once, progress on a terminal. */
  async #while<Result>(agent: Agent, work: Promise<Result>): Promise<Result> {
    const timer = setInterval(() => this.#tellProgress(agent), pollMs);
    try {
      this.#tellProgress(agent);
      return await work;
    } finally {
      clearInterval(timer);
    }
  }

  #tellProgress(agent: Agent): void {
    const { trouble, hub } = agent.uplink.status();
    if (trouble !== '' && trouble !== this.#toldTrouble) {
      this.#toldTrouble = trouble;
      this.#host.err(`${hub}: ${trouble}; trying again\n`);
    }
    if (!this.#host.isTerminal || performance.now() - this.#progressAtMs < progressMs) return;
    this.#progressAtMs = performance.now();
    const { recordsRead, bytesRead } = agent.counters;
    const { unackedBatches } = agent.buffer.status();
    this.#host.err(
      `\r${recordsRead} lines, ${(bytesRead / 1e6).toFixed(1)} MB read; ${unackedBatches} batches wait for the hub \r`,
    );
  }

  #count(run: Run): void {
    if (this.#sources !== undefined) return;
    const shipped = this.#shipped.getOrInsertComputed(run.streamId, () => ({ lines: 0, bytes: 0 }));
    shipped.lines += run.records;
    shipped.bytes += run.bytes.length;
  }

  #tell(file: { readonly path: string; readonly source: string; readonly seconds: number }): void {
    const { path, seconds } = file;
    const streams = (this.#sources ?? []).filter((source) => source.path === file.source);
    const sums = streams.map((source) => this.#shipped.get(source.streamId) ?? { lines: 0, bytes: 0 });
    const lines = sums.reduce((sum, shipped) => sum + shipped.lines, 0);
    const bytes = sums.reduce((sum, shipped) => sum + shipped.bytes, 0);
    const rounded = Math.round(seconds * 1000) / 1000;
    const until = this.#options.until;
    if (this.#options.json) this.#host.out(`${JSON.stringify({ path, lines, bytes, seconds: rounded, until })}\n`);
    else this.#host.out(`${path}  lines ${lines}  bytes ${bytes}  seconds ${rounded.toFixed(3)}\n`);
  }
}
