import { AgentHost } from './agent-host.ts';
import { HubHost } from './hub-host.ts';
import { testPrograms, type Programs } from './programs.ts';
import { Scratch } from './scratch.ts';

type Config = Readonly<Record<string, unknown>>;

export interface StackOptions {
  readonly programs?: Programs;
  /** A site made by `init`, and an agent that was enrolled: all of it by the commands that people use. */
  readonly tls?: boolean;
  readonly hub?: Config;
  readonly agent?: Config;
  readonly inputs?: (logs: string) => readonly Config[];
  /** Where the agent connects; the hub itself by default. */
  readonly hubs?: (hub: HubHost) => readonly string[];
}

/** A hub that runs and an agent that was not started yet, in a scratch folder with a folder `logs`. All of it goes with it. */
export class Stack implements AsyncDisposable {
  readonly scratch: Scratch;
  readonly hub: HubHost;
  readonly agent: AgentHost;
  readonly logs: string;
  readonly #tls: boolean;
  /** `ship` has an identity of its own. */
  #mayShip = false;

  private constructor(parts: { scratch: Scratch; hub: HubHost; agent: AgentHost; logs: string; tls: boolean }) {
    this.scratch = parts.scratch;
    this.hub = parts.hub;
    this.agent = parts.agent;
    this.logs = parts.logs;
    this.#tls = parts.tls;
  }

  static async make(options: StackOptions = {}): Promise<Stack> {
    const { programs = testPrograms, tls = false } = options;
    const scratch = await Scratch.make();
    const logs = await scratch.folder('logs');
    const hub = new HubHost({ programs, scratch, tls, ...(options.hub === undefined ? {} : { config: options.hub }) });
    const agent = new AgentHost({
      programs,
      scratch,
      hubs: () => options.hubs?.(hub) ?? [hub.url],
      inputs: options.inputs?.(logs) ?? [{ kind: 'file', paths: [`${logs}/*.log`], type: 'app' }],
      ...(options.agent === undefined ? {} : { config: options.agent }),
    });
    const stack = new Stack({ scratch, hub, agent, logs, tls });
    try {
      await hub.start();
      if (tls) await agent.enroll(await hub.createToken());
    } catch (error) {
      await stack[Symbol.asyncDispose]();
      throw error;
    }
    return stack;
  }

  log(name: string): string {
    return `${this.logs}/${name}`;
  }

  tail(): string {
    return `${this.agent.running ? this.agent.program.tail() : ''}\n${this.hub.program.tail()}`;
  }

  async ship(...args: readonly string[]): Promise<{ code: number | null; stdout: string; stderr: string }> {
    await this.agent.writeConfig();
    if (this.#tls && !this.#mayShip) await this.agent.enroll(await this.hub.createToken(), '--ship');
    this.#mayShip = true;
    return await this.agent.run('ship', '--config', this.agent.configPath, ...args);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.agent[Symbol.asyncDispose]();
    await this.hub[Symbol.asyncDispose]();
    await this.scratch[Symbol.asyncDispose]();
  }
}
