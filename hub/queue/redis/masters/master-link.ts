/**
 * Keeps one checked connection to wherever the master is. A connection that ended is replaced by another one, after a wait that grows; where
 * the address comes from is the topology's.
 *
 *     connecting → ready → connecting …      lost, refused by a later check, or renewed by its owner
 *     any → closed
 */
import { Backoff } from '@tributary/shared/async/backoff.ts';
import type { Clock } from '@tributary/shared/clock.ts';
import type { HostPort } from '@tributary/shared/network/listen-address.ts';
import { Wake } from '../../../groups/wake.ts';
import type { StoreAway } from '../../../store/hub-store.ts';
import type { ConnectSettings } from './connect-settings.ts';
import { RedisConnection } from './connection.ts';
import { loadLibraries, type FunctionLibrary } from './function-library.ts';
import { Lane } from './lane.ts';
import { memoryMs, type Patience, recheckMs, reconnectMsMax, reconnectMsMin, suspectMs } from './limits.ts';
import { checkServer, readMemory, type CheckedServer, type Demands, type MemoryUse } from './server-checks.ts';

export interface LinkParts {
  readonly clock: Clock;
  readonly settings: ConnectSettings;
  readonly patience: Patience;
  readonly demands: Demands;
  readonly libraries: readonly FunctionLibrary[];
  readonly events: LinkEvents;
}

export interface LinkEvents {
  connected(where: string, runId: string): void;
  warned(sentence: string): void;
  /** `error` is that of each try. */
  trouble(error: unknown): void;
  libraryReplaced(where: string, name: string): void;
}

export class MasterLink implements AsyncDisposable {
  readonly #parts: LinkParts;
  readonly #address: () => Promise<HostPort>;
  readonly #onChanged: () => void;
  readonly #abort = new AbortController();
  readonly #hurry = new Wake();
  readonly #running: Promise<void>;
  #lane: Lane | undefined;
  #memory: MemoryUse | undefined;
  #problem: Error | undefined;
  /** When its connection was heard last, or when it began to look for one. */
  #goneAtMs: number;
  #lastRunId: string | undefined;
  /** Of the connection in use, or of the one being made. */
  #attempt = new AbortController();
  readonly #waiters = new Set<() => void>();

  /** `onChanged`: another server is the master now. */
  constructor(parts: LinkParts, address: () => Promise<HostPort>, onChanged: () => void) {
    this.#parts = parts;
    this.#address = address;
    this.#onChanged = onChanged;
    this.#goneAtMs = parts.clock.now();
    this.#running = this.#run();
  }

  get lane(): Lane | undefined {
    return this.#lane?.connection.isOpen === true ? this.#lane : undefined;
  }

  /** What was wrong with the last try; undefined while all is well. */
  get problem(): Error | undefined {
    return this.lane === undefined ? this.#problem : undefined;
  }

  /** Without a connection, or one that is silent: why, and since when. */
  get away(): StoreAway | undefined {
    const { lane } = this;
    if (lane === undefined) {
      return { why: this.#problem?.message ?? 'Redis has not been reached yet', sinceMs: this.#goneAtMs };
    }
    const { where, silentMs } = lane.connection;
    if (silentMs < suspectMs) return undefined;
    return { why: `Redis at ${where} does not answer`, sinceMs: this.#parts.clock.now() - silentMs };
  }

  get isWell(): boolean {
    return this.lane !== undefined && this.lane.connection.silentMs < suspectMs;
  }

  get server(): CheckedServer | undefined {
    return this.lane?.server;
  }

  get memory(): MemoryUse | undefined {
    return this.#memory;
  }

  /** The connection, or undefined after so long. */
  async ready(waitMs: number, signal?: AbortSignal): Promise<Lane | undefined> {
    const { clock } = this.#parts;
    const end = clock.monotonic() + waitMs;
    while (this.lane === undefined && !this.#abort.signal.aborted) {
      const restMs = end - clock.monotonic();
      if (restMs <= 0 || signal?.aborted === true) return undefined;
      await this.#changed(restMs);
    }
    return this.lane;
  }

  /** Ends this connection, if it is still the one in use, and makes another one at once. */
  renew(lane: Lane | undefined, reason: string): void {
    if (lane !== undefined && lane === this.#lane) lane.connection.destroy(new Error(reason));
    this.#hurry.notify();
  }

  /** The master is elsewhere now: what there is of a connection ends, also one that is still being made. */
  moved(): void {
    this.#attempt.abort();
    this.#hurry.notify();
  }

  /** There is no connection any more, and none is made. */
  close(): void {
    this.#abort.abort();
    this.#attempt.abort();
    this.#tell();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.close();
    await this.#running;
  }

  async #run(): Promise<void> {
    const { signal } = this.#abort;
    const backoff = new Backoff({ msMin: reconnectMsMin, msMax: reconnectMsMax });
    while (!signal.aborted) {
      let connection: RedisConnection | undefined;
      try {
        const { settings, clock, patience } = this.#parts;
        const address = await this.#address();
        this.#attempt = new AbortController();
        connection = await RedisConnection.open(address, settings, { clock, patience, signal: this.#attempt.signal });
        await this.#use(connection, backoff, signal);
      } catch (error) {
        if (signal.aborted) break;
        this.#problem = error instanceof Error ? error : new Error('unknown');
        this.#parts.events.trouble(error);
      } finally {
        connection?.destroy();
        if (this.#lane !== undefined) this.#noteGone(this.#lane);
        this.#lane = undefined;
      }
      this.#tell();
      if (!signal.aborted) await this.#hurry.wait(this.#parts.clock, signal, backoff.next() + 1);
    }
  }

  #noteGone({ connection }: Lane): void {
    const { clock } = this.#parts;
    this.#goneAtMs = clock.now() - (clock.monotonic() - connection.heardMs);
  }

  /** Returns or throws when the connection is not to be used any more. */
  async #use(connection: RedisConnection, backoff: Backoff, signal: AbortSignal): Promise<void> {
    const { demands, libraries, events, clock, patience } = this.#parts;
    const server = await checkServer(connection, demands);
    await loadLibraries(connection, libraries, events);
    if (signal.aborted) return;
    const replicas = { min: demands.minReplicas, msMax: patience.replicasMsMax };
    this.#accept(new Lane(connection, server, replicas));
    backoff.reset();
    const closed = connection.closed.then((reason) => ({ reason }));
    let checkedMs = clock.monotonic();
    for (;;) {
      const timer = new AbortController();
      const ended = await Promise.race([closed, clock.sleep(memoryMs, timer.signal).then(() => undefined)]);
      timer.abort();
      if (ended !== undefined) throw ended.reason;
      if (clock.monotonic() - checkedMs < recheckMs) {
        this.#memory = await readMemory(connection);
        continue;
      }
      checkedMs = clock.monotonic();
      this.#checkedAgain(await checkServer(connection, demands));
    }
  }

  #accept(lane: Lane): void {
    const { connection, server } = lane;
    const { events } = this.#parts;
    this.#lane = lane;
    this.#checkedAgain(server);
    events.connected(connection.where, server.runId);
    const isOther = this.#lastRunId !== undefined && this.#lastRunId !== server.runId;
    this.#lastRunId = server.runId;
    this.#tell();
    if (isOther) this.#onChanged();
  }

  #checkedAgain(server: CheckedServer): void {
    if (this.#lane !== undefined) this.#lane.server = server;
    this.#memory = server.memory;
    this.#problem = undefined;
    for (const warning of server.warnings) this.#parts.events.warned(warning);
  }

  #changed(waitMs: number): Promise<void> {
    return new Promise((resolve) => {
      const done = (): void => {
        clearTimeout(timer);
        this.#waiters.delete(done);
        resolve();
      };
      const timer = setTimeout(done, waitMs);
      this.#waiters.add(done);
    });
  }

  #tell(): void {
    for (const waiter of this.#waiters) waiter();
  }
}
