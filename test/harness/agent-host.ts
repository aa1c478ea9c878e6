import { writeFile } from 'node:fs/promises';
import { getOverUnixSocket } from './unix-status.ts';
import { Program, runProgram } from './program.ts';
import type { Command, Programs } from './programs.ts';
import type { Scratch } from './scratch.ts';

export interface AgentHostOptions {
  readonly programs: Programs;
  readonly scratch: Scratch;
  readonly hubs: () => readonly string[];
  /** Options that differ from those of a test: merged over them at the top level. */
  readonly config?: Readonly<Record<string, unknown>>;
  readonly inputs?: readonly Readonly<Record<string, unknown>>[];
  readonly name?: string;
  readonly dataDir?: string;
  /** What goes before each of its commands, such as another machine. */
  readonly wrap?: readonly string[];
}

/** What outlives the processes of one agent: its folders and its config file. */
export class AgentHost implements AsyncDisposable {
  readonly dataDir: string;
  readonly runDir: string;
  readonly configPath: string;
  readonly #options: AgentHostOptions;
  #inputs: readonly Readonly<Record<string, unknown>>[];
  #program: Program | undefined;

  constructor(options: AgentHostOptions) {
    const name = options.name ?? 'agent';
    this.#options = options;
    this.#inputs = options.inputs ?? [];
    this.dataDir = options.dataDir ?? options.scratch.file(name);
    this.runDir = options.scratch.file(`${name}-run`);
    this.configPath = options.scratch.file(`${name}.yaml`);
  }

  get program(): Program {
    if (this.#program === undefined) throw new Error('the agent was not started');
    return this.#program;
  }

  get running(): boolean {
    return this.#program?.running === true;
  }

  async writeConfig(inputs: readonly Readonly<Record<string, unknown>>[] = this.#inputs): Promise<void> {
    this.#inputs = inputs;
    const config = {
      data_dir: this.dataDir,
      run_dir: this.runDir,
      tenant: 'default',
      hubs: this.#options.hubs(),
      inputs,
      ...this.#options.config,
    };
    await writeFile(this.configPath, JSON.stringify(config, undefined, 2));
  }

  async start(options: { crashPoint?: string | undefined; wrap?: readonly string[] } = {}): Promise<Program> {
    await this.writeConfig();
    const env = options.crashPoint === undefined ? {} : { TRIBUTARY_CRASH_POINT: options.crashPoint };
    this.#program = new Program({
      name: 'agent',
      command: this.#command(options.wrap),
      args: ['run', '--config', this.configPath],
      env,
    });
    return this.#program;
  }

  /** `enroll`, which writes a configuration where there is none: this agent's own is there. */
  async enroll(token: string, ...args: readonly string[]): Promise<string> {
    await this.writeConfig();
    const { code, stdout, stderr } = await this.run('enroll', '--config', this.configPath, ...args, token);
    if (code !== 0) throw new Error(`enroll ended with ${code}\n${stdout}${stderr}`);
    return stdout;
  }

  async status(): Promise<unknown> {
    return await getOverUnixSocket(`${this.runDir}/agent.sock`, '/status');
  }

  async run(...args: readonly string[]): Promise<{ code: number | null; stdout: string; stderr: string }> {
    return await runProgram({ name: 'tributary-agent', command: this.#command(), args });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#program?.[Symbol.asyncDispose]();
  }

  #command(wrap: readonly string[] = this.#options.wrap ?? []): Command {
    const [first = this.#options.programs.agent[0], ...rest] = [...wrap, ...this.#options.programs.agent];
    return [first, ...rest];
  }
}
