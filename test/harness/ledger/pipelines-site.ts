import { setTimeout as sleep } from 'node:timers/promises';
import { AgentHost } from '../agent-host.ts';
import { archivedRawBytes } from '../archive-objects.ts';
import { HubHost } from '../hub-host.ts';
import type { LogLine, Program } from '../program.ts';
import type { Programs } from '../programs.ts';
import type { Random } from '../random.ts';
import type { Scratch } from '../scratch.ts';
import { until } from '../until.ts';
import { PipelineFiles, type PipelineName, pipelineNames } from './pipeline-files.ts';
import { tailsOf } from './settled.ts';
import { lineTypes } from './typed-lines.ts';
import { TypedWriter } from './typed-writer.ts';

export interface PipelinesSiteOptions {
  readonly programs: Programs;
  readonly scratch: Scratch;
  readonly random: Random;
  readonly bytesPerSecond: number;
}

const pointDeadlineMs = 15_000;
const toldMessages = {
  otherPipelines: 'the pipelines are others from now on',
  refused: 'a pipeline was refused',
  threadEnded: 'a batch held up its thread',
};

/** A hub with pipelines and an agent with files of every type; what may be done to them, and what the hub told of it in all its lives. */
export class PipelinesSite implements AsyncDisposable {
  readonly hub: HubHost;
  readonly agent: AgentHost;
  readonly writer: TypedWriter;
  readonly #files: PipelineFiles;
  /** Greatest good version of each that the hub is known to have. */
  readonly versions: Record<PipelineName, number> = { app: 1, web: 1, many: 1, script: 1 };
  /** Sentences of what should not have been. */
  readonly problems: string[] = [];
  threadsEnded = 0;
  /** How often the hub told that its pipelines are others. */
  #changes = 0;
  readonly #refusals: string[] = [];

  static async start(options: PipelinesSiteOptions): Promise<PipelinesSite> {
    const { scratch } = options;
    const folders = { logs: await scratch.folder('logs'), pipelines: await scratch.folder('pipelines') };
    const site = new PipelinesSite(options, folders);
    try {
      await site.startHub();
      await site.agent.start();
    } catch (error) {
      await site[Symbol.asyncDispose]();
      throw error;
    }
    return site;
  }

  private constructor(
    { programs, scratch, random, bytesPerSecond }: PipelinesSiteOptions,
    folders: { readonly logs: string; readonly pipelines: string },
  ) {
    this.#files = new PipelineFiles(folders.pipelines);
    this.hub = new HubHost({
      programs,
      scratch,
      config: {
        pipelines_dir: folders.pipelines,
        scripts: { time_limit: '300ms', memory_limit: '64MiB' },
        queue: { replay_window: '2s' },
      },
    });
    this.agent = new AgentHost({
      programs,
      scratch,
      hubs: () => [this.hub.url],
      config: { buffer: { replay_window: '3s' } },
      inputs: lineTypes.map((type) => ({ kind: 'file', paths: [`${folders.logs}/${type}*.log*`], type })),
    });
    const floorOf = (type: string): number => this.versions[pipelineNames.find((name) => name === type) ?? 'app'];
    this.writer = new TypedWriter({ folder: folders.logs, random, bytesPerSecond, floorOf });
  }

  /** Bytes of what is written and not archived yet. */
  async missing(): Promise<number> {
    return this.writer.expectedBytes - (await archivedRawBytes(this.hub.archive));
  }

  /** Waits until so many bytes are archived: what the hub had in work when it was struck is through. */
  async archived(bytes: number): Promise<void> {
    const isThere = async (): Promise<boolean> => {
      this.#mustRun();
      return (await archivedRawBytes(this.hub.archive)) >= bytes;
    };
    await until(`${bytes} bytes are archived`, isThere, { deadlineMs: 120_000, everyMs: 200, detail: () => this.tail() });
  }

  async startHub(): Promise<void> {
    this.#watch(await this.hub.start());
  }

  async killHub(): Promise<void> {
    this.#mustRun();
    await this.hub.program.kill();
  }

  async restartAgent(downMs: number): Promise<void> {
    this.#mustRun();
    await this.agent.program.kill();
    await sleep(downMs);
    await this.agent.start();
  }

  /** False when the point was not reached in time, and the hub was killed instead. */
  async dieAtPoint(point: string, count: number): Promise<boolean> {
    await this.hub.writeConfig();
    const program = this.hub.launch({ crashPoint: `${point}:${count}` });
    this.#watch(program);
    const died = (): boolean => !program.running;
    const reached = await until(point, died, { deadlineMs: pointDeadlineMs, everyMs: 2 }).catch(() => false);
    const { signal, code } = await program.kill();
    if (reached && signal !== 'SIGKILL')
      throw new Error(`the hub ended with ${code ?? signal} instead of dying at ${point}\n${program.tail()}`);
    return reached;
  }

  /** Resolves once the hub has it: from then on no line is worked on by the version before. */
  async reload(name: PipelineName, options: { readonly sighup: boolean }): Promise<void> {
    const before = this.#changes;
    const version = this.writeGood(name);
    if (options.sighup) this.hub.program.signal('SIGHUP');
    await this.#told(`version ${version} of ${name} holds`, () => this.#changes > before);
    this.versions[name] = version;
  }

  /** Without waiting for the hub to have it. Its number. */
  writeGood(name: PipelineName): number {
    return this.#files.writeGood(name);
  }

  /** Resolves once the hub has refused it, with its place. */
  async reloadBad(name: PipelineName, random: Random, options: { readonly sighup: boolean }): Promise<void> {
    const before = this.#refusals.length;
    this.#files.writeBad(name, random);
    if (options.sighup) this.hub.program.signal('SIGHUP');
    await this.#told(`a bad version of ${name} is refused`, () => this.#refusals.length > before);
    const told = this.#refusals.at(-1) ?? '';
    if (!new RegExp(`/${name}\\.yaml:\\d+:\\d+: `).test(told)) this.problems.push(`a refusal names no place: ${told}`);
  }

  async threadEnds(rule: 'loop' | 'fill'): Promise<void> {
    const before = this.threadsEnded;
    this.writer.writeDeadly(rule);
    await this.#told(`a thread is ended by ${rule}`, () => this.threadsEnded > before);
  }

  async stop(): Promise<void> {
    this.#mustRun();
    await this.agent.program.stop();
    await this.hub.program.stop();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.agent[Symbol.asyncDispose]();
    await this.hub[Symbol.asyncDispose]();
  }

  async #told(what: string, isTold: () => boolean): Promise<void> {
    const check = (): boolean => {
      this.#mustRun();
      return isTold();
    };
    await until(what, check, { deadlineMs: 120_000, detail: () => this.tail() });
  }

  #watch(program: Program): void {
    for (const line of program.logs) this.#heard(line);
    program.onLog((line) => this.#heard(line));
  }

  #heard({ level, message, fields }: LogLine): void {
    if (message.startsWith(toldMessages.otherPipelines)) this.#changes += 1;
    else if (message.startsWith(toldMessages.refused)) this.#refusals.push(String(fields['problems']));
    else if (message.startsWith(toldMessages.threadEnded)) this.threadsEnded += 1;
    else if (level === 'error' && !isFinding(fields))
      this.problems.push(`the hub logs an error: ${message} ${JSON.stringify(fields).slice(0, 500)}`);
  }

  #mustRun(): void {
    for (const host of [this.hub, this.agent])
      if (!host.running) throw new Error(`the ${host.program.name} ended by itself\n${host.program.tail()}`);
  }

  tail(): string {
    return tailsOf(this.agent, this.hub);
  }
}

/** Health tells what was done to the pipelines, and to the programs. */
function isFinding({ event }: LogLine['fields']): boolean {
  return event === 'finding-raised';
}
