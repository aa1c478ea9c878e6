/**
 * What operators do with dead letters: look at them, send them again, drop them. Letters are documents that a destination refused
 * (dead-letter.ts), entries what the queue itself set aside (dead-entry-operations.ts).
 */
import { randomUUID } from 'node:crypto';
import type { ChannelName } from '@tributary/protocol/messages.ts';
import type { Clock } from '@tributary/shared/clock.ts';
import type { Logger } from '@tributary/shared/log.ts';
import type { Actor } from '../channels/channel-operations.ts';
import { OperationError } from '../channels/operation-error.ts';
import type { AuditActionName } from '../platform/audit-actions.ts';
import { channelOf, type Queue } from '../queue/queue.ts';
import type { Registry } from '../registry/registry.ts';
import type { DeadLetter } from './dead-letter.ts';
import type { DeadLetterSender } from './dead-letter-sender.ts';
import { DeadEntryOperations, type EntriesDone, type EntryView } from './dead-entry-operations.ts';
import { type LetterChoice, letterChoice, type LetterFilter } from './letter-filter.ts';
import { type JobStatus, LetterJob, type LetterVerb } from './letter-job.ts';
import { type LetterList, letterPlaces, listLetters, type ShownLetter, showLetters } from './letter-list.ts';
import { type LetterWork, walkLetters } from './letter-walk.ts';
import { listMs, shownDefault } from './limits.ts';
import type { DropEntriesRequest, DropRequest, ReplayEntriesRequest, ShowRequest } from './requests.ts';

export interface DeadLetterParts {
  readonly queue: Queue;
  readonly registry: Pick<Registry, 'record'>;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly hubId: string;
  /** Undefined where this hub has no such output, or one that keeps none. */
  readonly senderOf: (output: string) => DeadLetterSender | undefined;
  /** These are gone by it. */
  readonly onGone: (verb: LetterVerb, channel: ChannelName, letters: readonly DeadLetter[]) => void;
  /** Something was changed. */
  readonly onChanged: () => void;
}

export interface DeadLetterView extends LetterList {
  readonly entries: readonly EntryView[];
  readonly job: JobStatus | undefined;
}

type Details = Readonly<Record<string, string | number>>;

export class DeadLetterOperations implements AsyncDisposable {
  readonly #parts: DeadLetterParts;
  readonly #entries: DeadEntryOperations;
  readonly #job = new LetterJob();

  constructor(parts: DeadLetterParts) {
    this.#parts = parts;
    this.#entries = new DeadEntryOperations(parts.queue);
  }

  /** The replay or drop that runs, or ran last on this hub. */
  get job(): JobStatus | undefined {
    return this.#job.status;
  }

  /** What it has done stays done. Resolves with what ran, once it has ended; undefined where nothing did. */
  async stop(by: Actor): Promise<JobStatus | undefined> {
    if (this.job?.state !== 'running') return undefined;
    await this.#record('dead-letters-stopped', by, this.job.filter);
    await this.#job.stop();
    return this.job;
  }

  async list(filter: LetterFilter): Promise<DeadLetterView> {
    const { queue, clock } = this.#parts;
    const choice = this.#choice(filter);
    const untilMs = clock.monotonic() + listMs;
    const letters = await listLetters(queue, choice, () => clock.monotonic() >= untilMs);
    const isOfOutput = filter.output !== undefined || filter.id !== undefined;
    const entries = isOfOutput ? [] : await this.#entries.list(choice, undefined);
    return { ...letters, entries, job: this.job };
  }

  async show({ limit = shownDefault, ...filter }: ShowRequest, by: Actor): Promise<ShownLetter[]> {
    await this.#record('dead-letters-shown', by, filter);
    return showLetters(this.#parts.queue, this.#choice(filter), limit);
  }

  /** Begins it; `job` tells how far it is. */
  async replay(filter: LetterFilter, by: Actor): Promise<JobStatus> {
    const { output } = filter;
    if (output !== undefined && this.#parts.senderOf(output) === undefined)
      throw new OperationError('unknown', `this hub has no output ${output} that could send them: output list shows its outputs`);
    const act: LetterWork['act'] = (letters, signal) => this.#send(letters, signal);
    return this.#begin('replay', filter, by, { act, takesUnreadable: false });
  }

  /** Begins it; `job` tells how far it is. */
  async drop({ yes = false, ...filter }: DropRequest, by: Actor): Promise<JobStatus> {
    const choice = this.#choice(filter);
    if (!yes) await this.#demandNothingLost(filter, choice);
    return this.#begin('drop', filter, by, { act: letGo, takesUnreadable: choice.isEverything });
  }

  async replayEntries(request: ReplayEntriesRequest, by: Actor): Promise<EntriesDone> {
    const { ids, ...filter } = request;
    return this.#audited('dead-entries-replayed', by, request, () => this.#entries.replay(this.#choice(filter), ids));
  }

  async dropEntries({ yes = false, ...request }: DropEntriesRequest, by: Actor): Promise<EntriesDone> {
    const { ids, ...filter } = request;
    if (!yes) {
      const entries = await this.#entries.list(this.#choice(filter), ids);
      const records = entries.reduce((sum, entry) => sum + entry.records, 0);
      if (entries.length > 0) throw unconfirmed(`${entries.length} entries with ${records} records`);
    }
    return this.#audited('dead-entries-dropped', by, request, () => this.#entries.drop(this.#choice(filter), ids));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#job[Symbol.asyncDispose]();
  }

  async #begin(
    verb: LetterVerb,
    filter: LetterFilter,
    by: Actor,
    how: Pick<LetterWork, 'act' | 'takesUnreadable'>,
  ): Promise<JobStatus> {
    const { clock } = this.#parts;
    const choice = this.#choice(filter);
    this.#job.demandFree();
    const action = verb === 'replay' ? 'dead-letters-replayed' : 'dead-letters-dropped';
    await this.#record(action, by, filter);
    const work = (signal: AbortSignal, tell: LetterWork['tell']): Promise<void> =>
      this.#walk(verb, choice, { ...how, tell }, signal);
    const ended = this.#job.start({ verb, filter, by, nowMs: clock.now(), work });
    this.#tellEnd(ended, () => this.#record(action, by, filter, 'failure')).catch((error: unknown) =>
      this.#parts.logger.warn('the audit trail cannot be written', { error }),
    );
    const { status } = this.#job;
    if (status === undefined) throw new TypeError('a job that was started has a status');
    return status;
  }

  async #tellEnd(ended: Promise<JobStatus>, onFailed: () => Promise<void>): Promise<void> {
    const { logger, onChanged } = this.#parts;
    const { verb, state, counts, trouble } = await ended;
    onChanged();
    logger.info('work on dead letters has ended', { verb, state, ...counts, ...(trouble !== '' && { trouble }) });
    if (state === 'failed') await onFailed();
  }

  async #walk(
    verb: LetterVerb,
    choice: LetterChoice,
    work: Pick<LetterWork, 'act' | 'takesUnreadable' | 'tell'>,
    signal: AbortSignal,
  ): Promise<void> {
    const { queue, clock, hubId, onGone } = this.#parts;
    const owner = `${hubId} ${randomUUID()}`;
    for (const place of await letterPlaces(queue, choice)) {
      if (signal.aborted) return;
      const channel = channelOf(place.topic);
      const told: LetterWork['tell'] = (counts, gone) => {
        work.tell(counts, gone);
        onGone(verb, channel, gone);
      };
      await walkLetters({ queue, clock, owner }, place, { ...work, tell: told, isMeant: choice.letter }, signal);
    }
  }

  /** What has no output here, or is refused again, stays. */
  async #send(letters: readonly DeadLetter[], signal: AbortSignal): Promise<readonly (DeadLetter | undefined)[]> {
    const became = new Map<DeadLetter, DeadLetter | undefined>();
    for (const [output, own] of Map.groupBy(letters, (letter) => letter.output)) {
      const results = await this.#parts.senderOf(output)?.send(own, signal);
      for (const [index, letter] of own.entries()) became.set(letter, whatStays(letter, results?.[index] ?? letter));
    }
    return letters.map((letter) => became.get(letter));
  }

  async #demandNothingLost(filter: LetterFilter, choice: LetterChoice): Promise<void> {
    const { queue, clock } = this.#parts;
    const untilMs = clock.monotonic() + listMs;
    const { letters, isPartial } = await listLetters(queue, choice, () => clock.monotonic() >= untilMs);
    const count = letters.reduce((sum, group) => sum + group.count, 0);
    if (count === 0 && !isPartial) return;
    throw unconfirmed(`${isPartial ? 'more than ' : ''}${count} documents${isNarrow(filter) ? '' : ', all there are,'}`);
  }

  async #audited<Result>(action: AuditActionName, by: Actor, request: object, act: () => Promise<Result>): Promise<Result> {
    await this.#record(action, by, request);
    try {
      return await act();
    } catch (error) {
      await this.#record(action, by, request, 'failure');
      throw error;
    } finally {
      this.#parts.onChanged();
    }
  }

  async #record(
    action: AuditActionName,
    { actor, address }: Actor,
    request: object,
    outcome: 'success' | 'failure' = 'success',
  ): Promise<void> {
    const { tenant, ...details } = textsOf(request);
    const event = { action, actor, address, outcome, tenant: tenant === undefined ? undefined : String(tenant), details };
    await this.#parts.registry.record(event);
  }

  #choice(filter: LetterFilter): LetterChoice {
    return letterChoice(filter, this.#parts.clock.now());
  }
}

async function letGo(letters: readonly DeadLetter[]): Promise<readonly undefined[]> {
  return letters.map(() => undefined);
}

function whatStays(letter: DeadLetter, result: 'done' | DeadLetter): DeadLetter | undefined {
  if (result === 'done') return undefined;
  return result === letter ? letter : { ...result, atMs: letter.atMs, tries: letter.tries + 1 };
}

function isNarrow(filter: LetterFilter): boolean {
  return Object.values(filter).some((value) => value !== undefined);
}

function unconfirmed(what: string): OperationError {
  return new OperationError('unconfirmed', `${what} are dropped for good by this: say yes if they may be`);
}

function textsOf(request: object): Details {
  return Object.fromEntries(
    Object.entries(request).flatMap(([name, value]) => {
      if (value === undefined) return [];
      return [[name, Array.isArray(value) ? value.join(' ').slice(0, 1000) : String(value)]];
    }),
  );
}
