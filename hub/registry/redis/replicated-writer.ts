/**
 * Changes of a registry that several hubs share. All calls that wait are one entry (group commit), but those under a lock have their own:
 *
 *   catch up → rehearse on the copy → append to the site's log, if nobody was before us → take it into the copy → answer
 *
 * An answer goes only after the entry is as durable in Redis as configured and in the copy. Where somebody else was first, all of it is done
 * again on what that one left. Where it is not known whether the entry is in, the same entry is sent again, which counts it once.
 * While Redis is away, calls that change nothing are answered from the copy, and all others fail and may be tried again.
 */
import { randomBytes } from 'node:crypto';
import { isDeepStrictEqual } from 'node:util';
import type { Clock } from '@tributary/shared/clock.ts';
import { crashPoint } from '@tributary/shared/crash-point.ts';
import type { Logger } from '@tributary/shared/log.ts';
import type { Fence } from '../../cluster/cluster.ts';
import { MasterError } from '../../queue/redis/masters/masters.ts';
import { groupCallsMax } from '../limits.ts';
import { RegistryError } from '../registry.ts';
import type { RegistryCall } from '../sqlite/registry-calls.ts';
import { passingFailure } from '../sqlite/registry-writer.ts';
import { agentName, tokenName } from '../sqlite/tables/seen-table.ts';
import type { Follower } from './follower.ts';
import { awayMs, changeMsMax, followMs, goneMs, type LogLimits, snapshotBytes } from './limits.ts';
import type { Position } from './position.ts';
import type { Rehearsal, Replica } from './replica.ts';
import type { Appended, NewEntry, SiteLog } from './site-log.ts';

export interface ReplicatedWriterParts {
  readonly replica: Replica;
  readonly follower: Follower;
  readonly log: SiteLog;
  readonly limits: LogLimits;
  readonly clock: Pick<Clock, 'monotonic' | 'sleep'>;
  readonly logger: Logger;
  /** There is something new: the other hubs need not wait until they look. */
  readonly tell: () => void;
  /** Ends the way to Redis, and what is asked there. */
  readonly close: () => Promise<void>;
}

type Seen = (readonly [name: string, atMs: number])[];

export class ReplicatedWriter implements AsyncDisposable {
  readonly #parts: ReplicatedWriterParts;
  readonly #waiting: RegistryCall[] = [];
  readonly #stop = new AbortController();
  readonly #running: Promise<void>;
  /** While calls wait or are served. */
  #busy: PromiseWithResolvers<void> | undefined;
  #wake = new AbortController();
  /** Until then Redis is not asked on behalf of calls: it did not answer a moment ago. */
  #awayUntilMs = -Infinity;
  #isAway = false;
  #failure: unknown;

  /** `onFailed`: nothing more can be stored. Calls under way were rejected then, as are later ones. */
  constructor(parts: ReplicatedWriterParts, onFailed: (error: unknown) => void) {
    this.#parts = parts;
    this.#running = this.#run(this.#stop.signal).catch((error: unknown) => {
      this.#failure = error;
      for (const call of this.#waiting.splice(0)) call.fail(error);
      this.#rest();
      onFailed(error);
    });
  }

  group(calls: readonly RegistryCall[]): void {
    if (this.#failure !== undefined) {
      for (const call of calls) call.fail(this.#failure);
      return;
    }
    this.#waiting.push(...calls);
    this.#busy ??= Promise.withResolvers();
    this.wake();
  }

  /** Looks now whether there is something new. */
  wake(): void {
    this.#wake.abort();
  }

  /** What waits is done first; a look that is under way is given up. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.#busy?.promise;
    this.#stop.abort();
    this.wake();
    await this.#parts.close();
    await this.#running;
  }

  async #run(signal: AbortSignal): Promise<void> {
    for (;;) {
      this.#wake = new AbortController();
      const calls = nextGroup(this.#waiting);
      if (calls.length === 0) this.#rest();
      if (calls.length > 0) await this.#serve(calls);
      else if (signal.aborted) return;
      else await this.#look();
      if (this.#waiting.length > 0 || signal.aborted) continue;
      await this.#parts.clock.sleep(followMs, this.#wake.signal).catch(() => undefined);
    }
  }

  #rest(): void {
    this.#busy?.resolve();
    this.#busy = undefined;
  }

  async #look(): Promise<void> {
    try {
      await this.#catchUp(this.#parts.clock.monotonic() + changeMsMax);
    } catch (error) {
      if (!(error instanceof MasterError) && passingFailure(error) === undefined) throw error;
    }
  }

  async #serve(calls: readonly RegistryCall[]): Promise<void> {
    try {
      if (calls.some(({ name }) => name === 'tidy')) await this.#tellSeen(calls.flatMap(seenOf));
      await this.#change(calls.map(withoutSeen));
    } catch (error) {
      const failure = passingFailure(error);
      for (const call of calls) call.fail(failure ?? error);
      if (failure === undefined) throw error;
    }
  }

  async #change(calls: readonly RegistryCall[]): Promise<void> {
    const { replica, clock, limits } = this.#parts;
    const untilMs = clock.monotonic() + changeMsMax;
    let sent: { readonly id: string; readonly rehearsal: Rehearsal } | undefined;
    try {
      if (clock.monotonic() < this.#awayUntilMs) throw new MasterError('UNAVAILABLE', 'Redis did not answer a moment ago');
      for (;;) {
        await this.#catchUp(untilMs);
        if (sent !== undefined && replica.has(sent.id)) return this.#done(sent.rehearsal);
        const rehearsal = replica.rehearse(calls);
        if (rehearsal.changeset.length === 0) return this.#done(rehearsal);
        const id = randomBytes(16).toString('hex');
        sent = { id, rehearsal };
        const entry = { id, schema: replica.schema, changeset: rehearsal.changeset, fence: calls[0] && fenceOf(calls[0]) };
        const appended = await this.#append(rehearsal.at, entry, untilMs);
        if (appended.kind === 'fenced') {
          for (const call of calls) call.fail(new RegistryError('REGISTRY_CONFLICT', 'another hub does this now'));
          return;
        }
        if (appended.kind !== 'done') continue;
        crashPoint('hub.registry.after-append');
        this.#take(rehearsal, id);
        this.#done(rehearsal);
        this.#parts.tell();
        if (appended.entries >= limits.snapshotEntries || appended.bytes >= snapshotBytes) await this.#snapshot();
        return;
      }
    } catch (error) {
      if (!(error instanceof MasterError)) throw error;
      this.#answerFromCopy(calls, unavailable(error));
    }
  }

  async #catchUp(untilMs: number): Promise<void> {
    const { follower, clock, logger } = this.#parts;
    try {
      await follower.catchUp(untilMs);
      if (this.#isAway) logger.info('the registry of the site can be changed again');
      this.#isAway = false;
    } catch (error) {
      if (error instanceof MasterError && !this.#stop.signal.aborted) {
        this.#awayUntilMs = clock.monotonic() + awayMs;
        if (!this.#isAway)
          logger.warn('the registry of the site cannot be changed: what this hub knows of it still holds', { error });
        this.#isAway = true;
      }
      throw error;
    }
  }

  /** The same entry again and again while it is not known whether it is there, or too few replicas have it. */
  async #append(at: Position, entry: NewEntry, untilMs: number): Promise<Appended> {
    const { log, clock } = this.#parts;
    for (;;) {
      crashPoint('hub.registry.before-append');
      try {
        return await log.append(at, entry);
      } catch (error) {
        const mayBeThere = error instanceof MasterError && (error.code === 'AMBIGUOUS' || error.code === 'REPLICAS');
        if (!mayBeThere || clock.monotonic() > untilMs) throw error;
      }
    }
  }

  #take({ at, changeset }: Rehearsal, id: string): void {
    const { replica } = this.#parts;
    // Another process of this machine may have taken it already; what is different is found by catching up.
    replica.take([{ version: at.version + 1, id, schema: replica.schema, changeset }], at);
  }

  #done({ answers }: Rehearsal): void {
    this.#parts.replica.store.keepRefusals();
    for (const answer of answers) answer();
  }

  #answerFromCopy(calls: readonly RegistryCall[], error: RegistryError): void {
    const { replica } = this.#parts;
    for (const call of calls) {
      const rehearsal = replica.rehearse([call]);
      if (rehearsal.changeset.length === 0) this.#done(rehearsal);
      else call.fail(error);
    }
  }

  async #snapshot(): Promise<void> {
    const { log, replica, logger } = this.#parts;
    const { at, bytes } = replica.makeSnapshot();
    if (at === undefined) return;
    try {
      await log.putSnapshot(at, bytes);
    } catch (error) {
      if (!(error instanceof MasterError)) throw error;
      logger.warn('no snapshot of the registry could be written; it is tried again with the next change', { error });
    }
  }

  /** Lazily, and may be lost. */
  async #tellSeen(seen: Seen): Promise<void> {
    const { log, replica } = this.#parts;
    let all: Seen = seen;
    try {
      if (!this.#isAway) all = await log.seen(seen);
    } catch (error) {
      if (!(error instanceof MasterError)) throw error;
    }
    // Somebody who is new may not be known here yet.
    const newestMs = all.reduce((newest, [, atMs]) => Math.max(newest, atMs), 0);
    const gone = all.filter(([name, atMs]) => atMs < newestMs - goneMs && !replica.isKnown(name));
    replica.tidy(all.filter(([name]) => replica.isKnown(name)));
    if (gone.length > 0) await log.seen(gone.map(([name]) => [name, 0] as const)).catch(() => undefined);
  }
}

/** Takes the calls of the next entry out: all of them under the same lock, or none under any. */
function nextGroup(waiting: RegistryCall[]): RegistryCall[] {
  const [first] = waiting;
  if (first === undefined) return [];
  const fence = fenceOf(first);
  const other = waiting.findIndex((call) => !isDeepStrictEqual(fenceOf(call), fence));
  return waiting.splice(0, Math.min(other === -1 ? waiting.length : other, groupCallsMax));
}

function fenceOf({ argument }: RegistryCall): Fence | undefined {
  return argument !== undefined && 'fence' in argument ? argument.fence : undefined;
}

function withoutSeen(call: RegistryCall): RegistryCall {
  return call.name === 'tidy' ? { ...call, argument: { ...call.argument, agents: [], tokens: [] } } : call;
}

function seenOf(call: RegistryCall): Seen {
  if (call.name !== 'tidy') return [];
  const { agents, tokens } = call.argument;
  return [
    ...agents.map(([id, atMs]) => [agentName(id), atMs] as const),
    ...tokens.map(([id, atMs]) => [tokenName(id), atMs] as const),
  ];
}

function unavailable(cause: MasterError): RegistryError {
  const words: Readonly<Record<string, string>> = {
    AMBIGUOUS: 'Redis did not answer in time, and whether it was done is not known: look, and try again',
    REPLICAS: 'too few replicas of Redis have it: it may be lost with the master; look, and try again',
    MAXMEMORY: 'Redis has no memory left: nothing can be changed until there is room (queue.redis.memory, maxmemory)',
    REFUSED: `Redis refuses it: ${cause.message}`,
  };
  const hint =
    words[cause.code] ?? `Redis cannot be reached, and nothing can be changed until it is there again: ${cause.message}`;
  return new RegistryError('REGISTRY_UNAVAILABLE', hint, { cause });
}
