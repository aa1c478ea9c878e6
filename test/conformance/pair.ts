/** The hub and the agent of one group: started once, interrupted when the cases want it. */
import { chownSync } from 'node:fs';
import { AgentHost } from '../harness/agent-host.ts';
import { HubHost } from '../harness/hub-host.ts';
import { at, isObject, listAt } from '../harness/json.ts';
import { testPrograms } from '../harness/programs.ts';
import { type ArchivedStream, readArchive } from '../harness/read-archive.ts';
import { Scratch } from '../harness/scratch.ts';
import { until } from '../harness/until.ts';
import type { LogLine } from '../harness/program.ts';
import type { CaseGroup } from './file-case.ts';
import type { Action } from './rendezvous.ts';

/** `nobody` of every Linux. */
const nobody = 65_534;

/** Waits that many cases share are asked for once. */
const statusKeptMs = 15;

export class Pair implements AsyncDisposable {
  readonly scratch: Scratch;
  readonly hub: HubHost;
  readonly agent: AgentHost;
  readonly #group: CaseGroup;
  #isStarted = false;
  /** What earlier processes of the agent logged. */
  #logged: LogLine[] = [];
  /** Streams that were found at a path. */
  readonly #found = new Map<string, Set<string>>();
  #received: { readonly atMs: number; readonly records: Promise<ReadonlyMap<string, number>> } | undefined;

  static async start(
    group: CaseGroup,
    inputs: (scratch: Scratch) => readonly Readonly<Record<string, unknown>>[],
  ): Promise<Pair> {
    const scratch = await Scratch.make();
    const pair = new Pair(group, scratch, inputs(scratch));
    try {
      await pair.hub.start();
      return pair;
    } catch (error) {
      await pair[Symbol.asyncDispose]();
      throw error;
    }
  }

  private constructor(group: CaseGroup, scratch: Scratch, inputs: readonly Readonly<Record<string, unknown>>[]) {
    this.#group = group;
    this.scratch = scratch;
    this.hub = new HubHost({ programs: testPrograms, scratch });
    this.agent = new AgentHost({
      programs: testPrograms,
      scratch,
      hubs: () => [this.hub.url],
      inputs,
      ...(group.agent === undefined ? {} : { config: group.agent }),
    });
  }

  /** Resolves once the agent answers. */
  async startAgent(): Promise<void> {
    await this.#launchAgent();
    this.#isStarted = true;
    const answers = async (): Promise<boolean> => {
      if (!this.agent.running) throw new Error(`the agent ended at its start; ${this.tail()}`);
      return (await this.agent.status()) !== undefined;
    };
    await until('the agent answers', answers, { deadlineMs: 120_000, detail: () => this.tail() });
  }

  async #launchAgent(): Promise<void> {
    if (this.#group.unprivileged !== true) {
      await this.agent.start();
      return;
    }
    for (const folder of [await this.scratch.folder('agent'), await this.scratch.folder('agent-run'), this.scratch.path]) {
      chownSync(folder, nobody, nobody);
    }
    await this.agent.start({ wrap: ['setpriv', `--reuid=${nobody}`, `--regid=${nobody}`, '--clear-groups'] });
  }

  async interrupt(actions: Action): Promise<void> {
    switch (this.#group.interruption) {
      case 'agent-stopped':
        await this.agent.program.stop();
        return await this.#betweenAgents(actions);
      case 'agent-killed':
        await this.agent.program.kill();
        return await this.#betweenAgents(actions);
      case 'agent-paused':
        this.agent.program.signal('SIGSTOP');
        await actions();
        this.agent.program.signal('SIGCONT');
        return;
      case 'hub-stopped':
        await this.hub.program.stop();
        await actions();
        await this.hub.start();
        return;
      case 'none':
        throw new Error(`nothing is interrupted in the group ${this.#group.name}`);
    }
  }

  async #betweenAgents(actions: Action): Promise<void> {
    this.#logged = [...this.#logged, ...this.agent.program.logs];
    await actions();
    await this.startAgent();
  }

  /** Records of these channels that the hub has. */
  async received(channels: readonly string[]): Promise<number> {
    const now = performance.now();
    if (this.#received === undefined || now - this.#received.atMs > statusKeptMs) {
      this.#received = { atMs: now, records: this.#receivedNow() };
    }
    const records = await this.#received.records;
    return channels.reduce((sum, channel) => sum + (records.get(channel) ?? 0), 0);
  }

  /** True once for each file at this path that the agent has a stream for: one that was renamed away still tells its old path. */
  async foundAnother(path: string): Promise<boolean> {
    const sources = at(await this.agent.status(), 'sources');
    if (!Array.isArray(sources)) return false;
    const known = this.#found.getOrInsertComputed(path, () => new Set<string>());
    for (const source of sources.filter(isObject)) {
      const { path: place, streamId, state } = source;
      if (place !== path || state === 'rotated' || typeof streamId !== 'string' || known.has(streamId)) continue;
      known.add(streamId);
      return true;
    }
    return false;
  }

  /** Bytes of a file that the agent has seen and not sent. */
  async lagOf(path: string): Promise<number | undefined> {
    return await this.#figureOf(path, 'lag');
  }

  async positionOf(path: string): Promise<number | undefined> {
    return await this.#figureOf(path, 'position');
  }

  /** Whether the agent, or one before it, logged such a line. */
  told(message: RegExp, field: string | RegExp): boolean {
    // Cases begin before the first start.
    const current = this.#isStarted ? this.agent.program.logs : [];
    return [...this.#logged, ...current].some((line) => {
      const text = JSON.stringify(line.fields);
      return message.test(line.message) && (typeof field === 'string' ? text.includes(field) : field.test(text));
    });
  }

  /** Everything the hub has is in the archive; both processes end, and the archive is read by tools that are not ours. */
  async finish(): Promise<readonly ArchivedStream[]> {
    const isArchived = async (): Promise<boolean> => {
      const books = await this.#books();
      // What the agent tells of itself goes on coming.
      const logs = books.filter(({ channel }) => channel !== 'default/platform');
      return logs.every((book) => book['received'] === book['archived']);
    };
    await until('all that was received is archived', isArchived, { deadlineMs: 120_000, detail: () => this.tail() });
    await this.agent.program.stop();
    await this.hub.program.stop();
    return await readArchive(this.hub.archive);
  }

  /** What the agent logged lately that names this, for messages of failed cases. */
  tail(about = ''): string {
    if (!this.#isStarted) return 'the agent was not started';
    const { program } = this.agent;
    const lines = program.stderr.split('\n').filter((line) => line.includes(about) || line.includes('"error"'));
    return `${program.running ? '' : 'the agent is not running; '}it logged:\n${lines.slice(-15).join('\n')}`;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.agent.running) this.agent.program.signal('SIGCONT');
    await this.agent[Symbol.asyncDispose]();
    await this.hub[Symbol.asyncDispose]();
    await this.scratch[Symbol.asyncDispose]();
  }

  async #figureOf(path: string, name: string): Promise<number | undefined> {
    const sources = at(await this.agent.status(), 'sources');
    if (!Array.isArray(sources)) return undefined;
    const figure = at(
      sources.find((source: unknown) => at(source, 'path') === path),
      name,
    );
    return typeof figure === 'number' ? figure : undefined;
  }

  async #receivedNow(): Promise<ReadonlyMap<string, number>> {
    const books = await this.#books();
    return new Map(books.map((book) => [String(book['channel']), Number(book['received'])]));
  }

  async #books(): Promise<readonly Record<string, unknown>[]> {
    const status = await this.hub.status();
    return isObject(status) ? listAt(status, 'books').filter(isObject) : [];
  }
}
