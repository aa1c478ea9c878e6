import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { ClientSession } from '@tributary/protocol/session/client.ts';
import { systemClock } from '@tributary/shared/clock.ts';
import { createLogger, type LogEntry } from '@tributary/shared/log.ts';
import { openTestBuffer, type TestBuffer } from '../../buffer/testing/test-buffer.ts';
import type { StreamState } from '../../inputs/input.ts';
import { Uplink, type UplinkOptions } from '@tributary/protocol/uplink/uplink.ts';
import { uplinkBufferOf } from '../uplink-buffer-of.ts';

const waitMsMax = 120_000;
const logFile = '/var/log/a';

/** Resolves as soon as `condition` holds; fails with what it was waiting for after a deadline. */
export async function eventually(what: string, condition: () => boolean): Promise<void> {
  const deadline = performance.now() + waitMsMax;
  while (!condition()) {
    if (performance.now() > deadline) assert.fail(`not in time: ${what}`);
    await sleep(5);
  }
}

export interface UplinkTestOptions {
  readonly hubs: readonly string[];
  readonly proxy?: string;
  readonly own?: Pick<UplinkOptions, 'hubPolicy' | 'rateLimit' | 'connectionMaxAgeMs' | 'probeIntervalMs'>;
  /** Fresh, the buffer asks the site for its streams before anything is read. */
  readonly fresh?: boolean;
}

/** An uplink with a real buffer and real sockets. It tells how long it would wait between tries, and does not wait. */
export class UplinkUnderTest implements AsyncDisposable {
  readonly uplink: Uplink;
  readonly own: TestBuffer;
  readonly log: LogEntry[] = [];
  /** Names of the events in their order. */
  readonly events: string[] = [];
  readonly waits: number[] = [];
  #stream: StreamState | undefined;
  readonly #abort = new AbortController();
  readonly #done: Promise<void>;

  private constructor(own: TestBuffer, options: UplinkTestOptions) {
    this.own = own;
    const note = (name: string) => (): void => void this.events.push(name);
    this.uplink = new Uplink({
      hubs: options.hubs,
      proxy: options.proxy,
      ...options.own,
      buffer: uplinkBufferOf(own.buffer, note('replaced')),
      hello: {
        sender: 'agent',
        agentId: '11'.repeat(16),
        instanceId: '22'.repeat(16),
        bootId: '33'.repeat(16),
        startCounter: 1,
        facts: {},
        capabilities: [],
      },
      wantArchived: false,
      createSession: (session) => new ClientSession(session),
      clock: {
        ...systemClock,
        sleep: async (ms, signal) => {
          this.waits.push(ms);
          await systemClock.sleep(1, signal);
        },
      },
      // The longest wait that may be drawn.
      random: () => 1 - Number.EPSILON,
      logger: createLogger({ level: 'debug', sink: (entry) => this.log.push(entry) }),
      events: {
        welcomed: note('welcomed'),
        disconnected: note('disconnected'),
        recovered: note('recovered'),
        sent: () => undefined,
        acked: () => undefined,
        positioned: () => undefined,
        lost: note('lost'),
        rejected: note('rejected'),
      },
    });
    this.#done = this.uplink.run(this.#abort.signal);
  }

  static async start(options: UplinkTestOptions): Promise<UplinkUnderTest> {
    const own = await openTestBuffer({ folder: mkdtempSync(join(tmpdir(), 'tributary-uplink-')), sourceMark: () => undefined });
    if (options.fresh !== true) await own.buffer.adopt([]);
    return new UplinkUnderTest(own, options);
  }

  /** Makes the text a batch of the one stream. */
  async append(text: string): Promise<void> {
    this.#stream ??= await this.own.openStream(logFile);
    await this.own.append(this.#stream, text);
  }

  /** A batch that does not compress; tells how many bytes it has. */
  async appendRandom(bytes: number): Promise<number> {
    const text = randomBytes(Math.floor((bytes * 3) / 4)).toString('base64url');
    await this.append(`${text}\n`);
    return Math.floor((bytes * 3) / 4);
  }

  /** Everything is acked. */
  async delivered(): Promise<void> {
    await eventually('everything is acked', () => this.own.buffer.status().unackedBatches === 0);
  }

  async stop(): Promise<void> {
    this.#abort.abort();
    await this.#done;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop();
    await this.own.close();
    rmSync(this.own.folder, { recursive: true, force: true });
  }
}
