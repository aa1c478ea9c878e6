/**
 * The set-up at the start of an output, and again when pipelines declare other fields: under the site's lock, so that of several hubs one at a time
 * does it; each does, and finds it done. Nothing is written to a cluster before `ready`: a document without its template would make an index whose
 * mapping nobody meant, for good.
 */
import type { Clock } from '@tributary/shared/clock.ts';
import type { Logger } from '@tributary/shared/log.ts';
import type { Cluster, HeldLock } from '../../../cluster/cluster.ts';
import { pause, Retry } from '../../../groups/retry.ts';
import type { Finding, Findings } from '../../../health/findings.ts';
import type { Trouble } from '../bulk/bulk-sender.ts';
import { lateReason } from '../bulk/late-requests.ts';
import { NoAnswerError } from '../client/connection.ts';
import { type ElasticsearchTelling, troubleText } from '../elasticsearch-telling.ts';
import { lateMs, retryMsMax } from '../limits.ts';
import type { ServerAbilities } from './server-abilities.ts';
import type { SetupChoice } from './setup-choice.ts';
import type { SetupAnswer, SetupRequest, SetupServer } from './setup-server.ts';
import { setUp, type SetupReport } from './set-up.ts';

export interface SetupKeeperParts {
  /** Of the output. */
  readonly name: string;
  readonly server: SetupServer;
  readonly choice: () => Promise<SetupChoice>;
  readonly cluster: Pick<Cluster, 'underLock'>;
  /** Of what the server refuses. */
  readonly findings: Pick<Findings, 'put'>;
  /** Of a server that does not answer. */
  readonly telling: Pick<ElasticsearchTelling, 'setupTrouble'>;
  readonly logger: Logger;
  readonly clock: Clock;
}

/** As often as people are told that a server that is away is asked. */
const retryLimits = { msMin: 1000, msMax: retryMsMax };
const reasonCharsMax = 1000;

export class SetupKeeper {
  readonly #parts: SetupKeeperParts;
  readonly #ready = Promise.withResolvers<ServerAbilities>();
  #changed = Promise.withResolvers<void>();
  #trouble: string | undefined;

  constructor(parts: SetupKeeperParts) {
    this.#parts = parts;
  }

  /** What the server can do, once it is set up. Never rejects; pending for as long as it cannot be. */
  get ready(): Promise<ServerAbilities> {
    return this.#ready.promise;
  }

  /** Why documents wait for it, as a sentence; undefined when they do not. */
  get trouble(): string | undefined {
    return this.#trouble;
  }

  /** What the choice is made of may be otherwise now. */
  changed(): void {
    this.#changed.resolve();
  }

  /** Until aborted. */
  async run(signal: AbortSignal): Promise<void> {
    const stoppable: SetupServer = { request: (request) => this.#ask({ ...request, signal }) };
    const aborted = new Promise<void>((done) => signal.addEventListener('abort', () => done(), { once: true }));
    while (!signal.aborted) {
      this.#changed = Promise.withResolvers();
      await this.#setUpOnce(stoppable, signal);
      await Promise.race([this.#changed.promise, aborted]);
    }
  }

  async #ask(request: SetupRequest): Promise<SetupAnswer> {
    const answered = new AbortController();
    void this.#tellLate(answered.signal);
    try {
      return await this.#parts.server.request(request);
    } finally {
      answered.abort();
    }
  }

  /** A server that hangs fails a minute later only. What is told already says as much. */
  async #tellLate(answered: AbortSignal): Promise<void> {
    const { clock } = this.#parts;
    const sentMs = clock.now();
    await pause(clock, lateMs, answered);
    if (!answered.aborted && this.#trouble === undefined) this.#isAway({ kind: 'late', reason: lateReason(sentMs) });
  }

  /** Resolves when the server is set up, or when aborted. */
  async #setUpOnce(server: SetupServer, signal: AbortSignal): Promise<void> {
    const { name, cluster, clock } = this.#parts;
    const done = new AbortController();
    const retry = new Retry(retryLimits);
    await cluster.underLock(`elasticsearch-setup:${name}`, AbortSignal.any([signal, done.signal]), async (lock, inner) => {
      const report = await this.#try(server, lock, signal);
      if (report === undefined) return await retry.wait(clock, inner);
      this.#tell(report);
      this.#ready.resolve(report.abilities);
      done.abort();
    });
  }

  /** Undefined when the cluster does not answer, refuses, or another hub has the lock by now. */
  async #try(server: SetupServer, lock: HeldLock, signal: AbortSignal): Promise<SetupReport | undefined> {
    const { choice, logger } = this.#parts;
    try {
      const chosen = await unlessAborted(choice(), signal);
      const report = await setUp(server, chosen, { dryRun: false, force: false, mayGoOn: () => lock.isHeld() });
      if (report.isComplete) return report;
      if (await lock.isHeld())
        this.#find('red', `the cluster refuses what it needs for these documents, which wait: ${report.problems.join('; ')}`);
    } catch (error) {
      if (signal.aborted) return undefined;
      const reason = error instanceof Error ? error.message : String(error);
      logger.debug('Elasticsearch could not be set up', { output: this.#parts.name, error });
      if (error instanceof NoAnswerError) this.#isAway({ kind: 'away', reason });
      else this.#find('red', `the cluster cannot be set up, and documents for it wait: ${reason}`);
    }
    return undefined;
  }

  #tell({ items, problems, notes }: SetupReport): void {
    const { name, logger } = this.#parts;
    const written = items.filter(({ action }) => action === 'created' || action === 'updated').map(({ item }) => item.name);
    if (written.length > 0) logger.info('Elasticsearch was set up', { output: name, written, notes });
    if (problems.length === 0) this.#find(undefined, '');
    else this.#find('yellow', problems.join('; '));
  }

  /** Nobody sets anything up here any more: what was found is nobody's matter now. */
  clear(): void {
    this.#find(undefined, '');
  }

  #isAway(trouble: Trouble): void {
    const { findings, telling } = this.#parts;
    this.#trouble = `Elasticsearch ${troubleText(trouble)}`;
    findings.put(this.#about, undefined);
    telling.setupTrouble(trouble);
  }

  /** What the server answered, whatever it was. */
  #find(level: 'yellow' | 'red' | undefined, reason: string): void {
    const { findings, telling } = this.#parts;
    this.#trouble = level === 'red' ? reason : undefined;
    telling.setupTrouble(undefined);
    findings.put(
      this.#about,
      level && { level, reason: reason.length <= reasonCharsMax ? reason : `${reason.slice(0, reasonCharsMax).toWellFormed()}…` },
    );
  }

  get #about(): Pick<Finding, 'kind' | 'subject'> {
    return { kind: 'elasticsearch-setup', subject: this.#parts.name };
  }
}

/** Rejects when aborted: at a start that fails nobody tells any more what the pipelines declare, and the stop must not wait for it. */
async function unlessAborted<Result>(waiting: Promise<Result>, signal: AbortSignal): Promise<Result> {
  const aborted = Promise.withResolvers<never>();
  const onAbort = (): void => aborted.reject(signal.reason);
  signal.addEventListener('abort', onAbort, { once: true });
  try {
    signal.throwIfAborted();
    return await Promise.race([waiting, aborted.promise]);
  } finally {
    signal.removeEventListener('abort', onAbort);
  }
}
