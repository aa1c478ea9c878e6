/** A machine with a log file, its agent in this process, and the site that it is enrolled at. */
import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { decodeEnrolmentToken } from '@tributary/protocol/enrolment/enrolment-token.ts';
import { systemClock } from '@tributary/shared/clock.ts';
import { createLogger, type LogEntry } from '@tributary/shared/log.ts';
import { Agent, type AgentOptions } from '../../agent.ts';
import { agentOptions } from '../../options.ts';
import { ownedBy } from '../ownership.ts';
import type { EventActionName } from '../../platform/event-actions.ts';
import { enrolHere } from './enrol-here.ts';
import { TestDoor } from './test-door.ts';

export class EnrolledAgent implements AsyncDisposable {
  readonly door: TestDoor;
  readonly folder = mkdtempSync(join(tmpdir(), 'tributary-agent-tls-'));
  readonly log: LogEntry[] = [];
  #agent: Agent | undefined;

  constructor(door: TestDoor) {
    this.door = door;
    mkdirSync(join(this.folder, 'logs'));
    mkdirSync(this.data);
  }

  static async start(...given: Parameters<typeof TestDoor.start>): Promise<EnrolledAgent> {
    return new EnrolledAgent(await TestDoor.start(...given));
  }

  get data(): string {
    return join(this.folder, 'data');
  }

  get file(): string {
    return join(this.folder, 'logs/a.log');
  }

  get agent(): Agent {
    assert(this.#agent !== undefined, 'it was started');
    return this.#agent;
  }

  async enrol(): Promise<void> {
    await enrolHere(this.data, decodeEnrolmentToken(this.door.token()));
  }

  async run(own: Partial<AgentOptions> = {}): Promise<void> {
    this.#agent = await Agent.start({
      folder: this.data,
      uplink: { hubs: [this.door.url] },
      buffer: { maxBytes: 64 * 1024 * 1024, replayWindowMs: 0, replayMaxBytes: 0, reserveBytes: 2 * 1024 * 1024 },
      batch: { maxBytes: 1024 * 1024, maxRecords: 65_536, flushIntervalMs: 10 },
      facts: { host: 'here' },
      clock: systemClock,
      logger: createLogger({ level: 'debug', sink: (entry) => this.log.push(entry) }),
      platform: { tenant: 'default', labels: { room: 'two', floor: '1' } },
      ...own,
    });
  }

  async read(): Promise<void> {
    const input = { kind: 'file', type: 'app', tenant: 'mine', paths: [this.file] };
    const config = agentOptions.parse({ hubs: [this.door.url], inputs: [input] });
    const { config: owned } = ownedBy(this.agent.owner, config);
    await this.agent.readable(AbortSignal.timeout(120_000));
    const { tenant, labels, inputs } = owned;
    await this.agent.inputs.change({ inputs, defaults: { tenant, labels, host: 'here' } });
  }

  eventCount(name: EventActionName): number {
    return this.agent.counters.events[name] ?? 0;
  }

  /** The agent stops; what waits in its buffer stays there. */
  async stop(): Promise<void> {
    await this.#agent?.[Symbol.asyncDispose]();
    this.#agent = undefined;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop();
    await this.door[Symbol.asyncDispose]();
    rmSync(this.folder, { recursive: true, force: true });
  }
}
