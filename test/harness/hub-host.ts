import { existsSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { freePort } from './free-port.ts';
import { at, isObject, parseJson, textAt } from './json.ts';
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
  /** True: a site of its own, made by `tributary-hub init` before the first start. `own`: with the certificates that `config` names. */
  readonly tls?: boolean | 'own';
  /** How long a start may take, until it listens. */
  readonly startMsMax?: number;
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
    return `${this.#usesTls ? 'wss' : 'ws'}://127.0.0.1:${this.#port}`;
  }

  /** False of one that only works on what the others took in. */
  get listens(): boolean {
    const roles = at(this.#config, 'cluster', 'roles');
    return !Array.isArray(roles) || roles.includes('intake');
  }

  get initConfigPath(): string {
    return `${this.configPath}.init`;
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
    const address = `127.0.0.1:${this.#port}`;
    const { listeners, ...config } = this.#config;
    const given = isObject(listeners) ? listeners : {};
    const all = {
      data_dir: this.dataDir,
      run_dir: this.runDir,
      outputs: [{ kind: 'archive', roll_interval: '1s' }],
      ...(this.#usesTls ? { site: 'test', tls: {}, advertise: [address] } : {}),
      ...config,
      listeners: { ...given, agents: { address, ...(isObject(given['agents']) ? given['agents'] : {}) } },
    };
    // JSON is YAML.
    await writeFile(this.configPath, JSON.stringify(all, undefined, 2));
  }

  /** Starts the process and resolves once it listens. */
  async start(options: { crashPoint?: string | undefined; wrap?: readonly string[] } = {}): Promise<Program> {
    if (this.#usesTls && this.#port === 0) this.#port = await freePort();
    if (this.#options.tls === true && !existsSync(`${this.dataDir}/pki`)) await this.init();
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

  async listening(deadlineMs = this.#options.startMsMax ?? 120_000): Promise<void> {
    const { program } = this;
    this.#port = await until(
      'the hub listens',
      async () => {
        if (!program.running) throw new Error(`the hub ended instead of listening\n${program.tail()}`);
        const status = await this.status();
        if (!this.listens) return at(status, 'state') === 'ready' ? 0 : undefined;
        return listeningPort(status);
      },
      { deadlineMs, detail: () => program.tail() },
    );
  }

  /** Makes the site as a person does. What it writes as configuration stays beside this hub's own. */
  async init(...args: readonly string[]): Promise<string> {
    const made = await this.run(
      'init',
      '--name',
      'test',
      '--address',
      '127.0.0.1',
      '--data-dir',
      this.dataDir,
      '--config',
      this.initConfigPath,
      ...args,
    );
    if (made.code !== 0) throw new Error(`init ended with ${made.code}\n${made.stdout}${made.stderr}`);
    return made.stdout;
  }

  /** `token create`; an enrolment token of this hub's address, for the tenant `default`, unless the arguments say otherwise. */
  async createToken(...args: readonly string[]): Promise<string> {
    const tenant = args.includes('--tenant') ? [] : ['--tenant', 'default'];
    const { code, stdout, stderr } = await this.run('token', 'create', '--config', this.configPath, '--json', ...tenant, ...args);
    if (code !== 0) throw new Error(`token create ended with ${code}\n${stdout}${stderr}`);
    return textAt(parseJson(stdout), 'token');
  }

  /** Where another listener than that for agents is bound to. */
  async portOf(listener: string): Promise<number> {
    const status = await this.status();
    const address = at(status, 'listeners', listener, 'address') ?? at(status, 'listeners', listener, 0, 'address');
    if (typeof address !== 'string') throw new Error(`no listener ${listener} in ${JSON.stringify(at(status, 'listeners'))}`);
    return Number(address.slice(address.lastIndexOf(':') + 1));
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

  get #usesTls(): boolean {
    return this.#options.tls !== undefined && this.#options.tls !== false;
  }
}

function listeningPort(status: unknown): number | undefined {
  const listeners = at(status, 'listeners');
  const address = isObject(listeners) ? at(listeners, 'agents', 'address') : at(listeners, 0, 'address');
  if (typeof address !== 'string') return undefined;
  const port = Number(address.slice(address.lastIndexOf(':') + 1));
  return port > 0 ? port : undefined;
}
