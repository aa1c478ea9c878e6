import { writeFile } from 'node:fs/promises';
import { at, isObject } from './json.ts';
import { getOverUnixSocket } from './unix-status.ts';
import { Program, runProgram } from './program.ts';
import { until } from './until.ts';
import type { Programs } from './programs.ts';
import type { Scratch } from './scratch.ts';

export interface HubHostOptions {
  readonly programs: Programs;
  readonly scratch: Scratch;
  /** Options that differ from those of a test: merged over them at the top level. */
  readonly config?: Readonly<Record<string, unknown>>;
  readonly name?: string;
  readonly dataDir?: string;
}

/** What outlives the processes of one hub: its folders, its config file, its port. */
export class HubHost implements AsyncDisposable {
  readonly dataDir: string;
  readonly runDir: string;
  readonly configPath: string;
  readonly #options: HubHostOptions;
  #program: Program | undefined;
  #config: Readonly<Record<string, unknown>>;
  #port = 0;

  constructor(options: HubHostOptions) {
    const name = options.name ?? 'hub';
    this.#options = options;
    this.#config = options.config ?? {};
    this.dataDir = options.dataDir ?? options.scratch.file(name);
    this.runDir = options.scratch.file(`${name}-run`);
    this.configPath = options.scratch.file(`${name}.yaml`);
  }

  get program(): Program {
    if (this.#program === undefined) throw new Error('the hub was not started');
    return this.#program;
  }

  get running(): boolean {
    return this.#program?.running === true;
  }

  /** Where agents connect; 0 before the first start. Kept over restarts. */
  get port(): number {
    return this.#port;
  }

  get url(): string {
    return `ws://127.0.0.1:${this.#port}`;
  }

  get archive(): string {
    const folder = at(this.#config, 'outputs', 0, 'folder');
    return typeof folder === 'string' ? folder : `${this.dataDir}/archive`;
  }

  /** Other options from the next start on. */
  async configure(config: Readonly<Record<string, unknown>>): Promise<void> {
    this.#config = config;
    await this.writeConfig();
  }

  async writeConfig(): Promise<void> {
    const config = {
      data_dir: this.dataDir,
      run_dir: this.runDir,
      listeners: { agents: { address: `127.0.0.1:${this.#port}` } },
      outputs: [{ kind: 'archive', roll_interval: '1s' }],
      ...this.#config,
    };
    // JSON is YAML.
    await writeFile(this.configPath, JSON.stringify(config, undefined, 2));
  }

  /** Starts the process and resolves once it listens. */
  async start(options: { crashPoint?: string | undefined; wrap?: readonly string[] } = {}): Promise<Program> {
    await this.writeConfig();
    const program = this.launch(options);
    await this.listening();
    return program;
  }

  /** Starts the process and waits for nothing: an armed point may end it before it listens. `wrap` goes before the command. */
  launch(options: { crashPoint?: string | undefined; wrap?: readonly string[] } = {}): Program {
    const [first = this.#options.programs.hub[0], ...rest] = [...(options.wrap ?? []), ...this.#options.programs.hub];
    const env = options.crashPoint === undefined ? {} : { TRIBUTARY_CRASH_POINT: options.crashPoint };
    this.#program = new Program({ name: 'hub', command: [first, ...rest], args: ['run', '--config', this.configPath], env });
    return this.#program;
  }

  async listening(deadlineMs = 20_000): Promise<void> {
    const { program } = this;
    this.#port = await until(
      'the hub listens',
      async () => {
        if (!program.running) throw new Error(`the hub ended instead of listening\n${program.tail()}`);
        return listeningPort(await this.status());
      },
      { deadlineMs, detail: () => program.tail() },
    );
  }

  async status(): Promise<unknown> {
    return await getOverUnixSocket(`${this.runDir}/hub.sock`, '/status');
  }

  async run(...args: readonly string[]): Promise<{ code: number | null; stdout: string; stderr: string }> {
    return await runProgram({ name: 'tributary-hub', command: this.#options.programs.hub, args });
  }

  /** `archive search` over this hub's archive. */
  async search(...args: readonly string[]): Promise<{ code: number | null; stdout: string; stderr: string }> {
    return await this.run('archive', 'search', '--config', this.configPath, ...args);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#program?.[Symbol.asyncDispose]();
  }
}

function listeningPort(status: unknown): number | undefined {
  const listeners = at(status, 'listeners');
  const address = isObject(listeners) ? at(listeners, 'agents', 'address') : at(listeners, 0, 'address');
  if (typeof address !== 'string') return undefined;
  const port = Number(address.slice(address.lastIndexOf(':') + 1));
  return port > 0 ? port : undefined;
}
