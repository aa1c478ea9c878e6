/** What was measured, in `data_dir/measurements.db`, written and read by a thread. A thread that died is started again with the next call. */
import { ThreadCalls } from '@tributary/shared/async/thread-call.ts';
import { startWorker } from '@tributary/shared/async/worker-entry.ts';
import type { Logger } from '@tributary/shared/log.ts';
import { isDamaged } from '@tributary/shared/sqlite/open-database.ts';
import { measurementsWorker } from '../../workers.ts';
import type { AgentText, Chunk, MeasurementStore, RollPlace } from './measurement-store.ts';
import type { SqliteCalls } from './sqlite-calls.ts';

export interface SqliteMeasurementStoreParts {
  /** `data_dir`: there already. */
  readonly folder: string;
  readonly logger: Logger;
}

type Calls = ThreadCalls<SqliteCalls>;

export class SqliteMeasurementStore implements MeasurementStore {
  readonly #parts: SqliteMeasurementStoreParts;
  #opened: Promise<Calls> | undefined;
  /** That was found in the file; empty: none. */
  #damage = '';
  #closed = false;

  constructor(parts: SqliteMeasurementStoreParts) {
    this.#parts = parts;
  }

  write(chunks: readonly Chunk[]): Promise<void> {
    return this.#call('write', chunks);
  }

  read(...[of, range]: Parameters<MeasurementStore['read']>): Promise<readonly Chunk[]> {
    return this.#call('read', { ...of, ...range });
  }

  due(beforeMs: number, limit: number): Promise<readonly RollPlace[]> {
    return this.#call('due', { beforeMs, limit });
  }

  rolled(places: readonly RollPlace[]): Promise<void> {
    return this.#call('rolled', places);
  }

  addEvents(events: readonly AgentText[]): Promise<void> {
    return this.#call('addEvents', events);
  }

  events(...[agentId, range]: Parameters<MeasurementStore['events']>): Promise<readonly AgentText[]> {
    return this.#call('events', { agentId, ...range });
  }

  putStates(states: readonly AgentText[]): Promise<void> {
    return this.#call('putStates', states);
  }

  states(): Promise<readonly AgentText[]> {
    return this.#call('states', undefined);
  }

  trim(limits: Parameters<MeasurementStore['trim']>[0]): Promise<number> {
    return this.#call('trim', limits);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#closed = true;
    const calls = await this.#opened?.catch(() => undefined);
    await calls?.[Symbol.asyncDispose]();
  }

  async #call<Name extends keyof SqliteCalls>(
    name: Name,
    argument: SqliteCalls[Name]['argument'],
  ): Promise<SqliteCalls[Name]['result']> {
    if (this.#closed) throw new Error('measurements.db is closed');
    this.#opened ??= this.#open();
    const opened = this.#opened;
    try {
      return await (await opened).call(name, argument);
    } catch (error) {
      if (this.#opened === opened) this.#looked(error);
      throw error;
    }
  }

  /** The thread ends by itself when it finds damage; the next one sets the file aside. */
  #looked(error: unknown): void {
    if (isDamaged(error)) this.#damage = error instanceof Error ? error.message : String(error);
  }

  async #open(): Promise<Calls> {
    const { folder, logger } = this.#parts;
    const again = (error: unknown): void => {
      this.#looked(error);
      this.#opened = undefined;
    };
    const calls: Calls = new ThreadCalls<SqliteCalls>(startWorker(measurementsWorker), {
      onFailed: (error) => {
        logger.warn('the thread that keeps what was measured died: it is started again', { error });
        again(error);
      },
    });
    try {
      const setAside = await calls.call('open', { folder, damage: this.#damage });
      this.#damage = '';
      if (setAside !== '') logger.error('measurements.db cannot be used: charts begin anew', { reason: setAside });
      return calls;
    } catch (error) {
      again(error);
      await calls[Symbol.asyncDispose]();
      throw error;
    }
  }
}
