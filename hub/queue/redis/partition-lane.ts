/**
 * The calls of one partition, in their order. They are sent one behind the other without waiting; one that could not be done, or of which
 * nobody knows whether it was, is sent again, and what came after it waits until then: so batches of a stream never overtake each other.
 *
 *   sending ──(a call has to be done again)──► settling: nothing is sent until everything under way was answered
 *      ▲                                          │
 *      └──(what stood in the way is mended)── mending: another master is made known, a topic made, a pause
 *
 * Every function is safe to be called twice with the same arguments; a word in capitals is the function's way to say what it lacks.
 */
import type { Clock } from '@tributary/shared/clock.ts';
import type { TopicName } from '../queue.ts';
import { changesNothing, functionName, type QueueFunction } from './functions/library.ts';
import type { StoredBody } from './entry-text.ts';
import type { PartitionKeys } from './keys.ts';
import { lanePauseMs } from './limits.ts';
import { type Argument, MasterError, type Masters, type Reply } from './masters/masters.ts';
import { type Answer, answerOf } from './replies.ts';

export interface LaneRequest {
  readonly function: QueueFunction;
  /** Whose keys are passed, in this order. */
  readonly topics?: readonly TopicName[];
  /** Bodies whose keys are passed, behind those of the topics. */
  readonly refs?: readonly string[];
  /** Put under keys of their own with it. */
  readonly bodies?: () => readonly StoredBody[];
  /** Asked for each time it is sent: limits and what is known may have changed. */
  readonly args: () => readonly Argument[];
  /** A duration: after it the call rejects with what stood in the way. */
  readonly patienceMs: number;
  /** What is known to be lacking before it is sent: then it is provided first. */
  readonly lacks?: () => string | undefined;
  /** Provides what the function said it lacks; calls that wait for the same (`lack`) have it done once. */
  readonly provide?: (lack: string) => Promise<void>;
}

export interface PartitionLaneParts {
  readonly partition: number;
  readonly masters: Masters;
  readonly keys: PartitionKeys;
  readonly clock: Clock;
  readonly clockOffsetMs: () => number;
  /** The server is not the one that the partition knows. */
  readonly recover: () => Promise<void>;
  /** What the partition's generation is taken to be. */
  readonly generation: () => number | undefined;
  /** An answer's, and what it was taken to be when the call was sent. */
  readonly onGeneration: (generation: number, whenSent: number | undefined) => void;
}

interface Pending {
  readonly request: LaneRequest;
  readonly number: number;
  readonly deadlineMs: number;
  readonly resolve: (answer: Answer) => void;
  readonly reject: (error: unknown) => void;
  /** Why it has to be sent again. */
  obstacle?: { readonly lack: string } | { readonly error: MasterError };
}

export class PartitionLane {
  readonly #parts: PartitionLaneParts;
  #calls = 0;
  #underWay = 0;
  #again: Pending[] = [];
  #waiting: Pending[] = [];
  #isMending = false;

  constructor(parts: PartitionLaneParts) {
    this.#parts = parts;
  }

  /** Rejects with MasterError. */
  call(request: LaneRequest): Promise<Answer> {
    return new Promise((resolve, reject) => {
      this.#calls += 1;
      const deadlineMs = this.#parts.clock.monotonic() + request.patienceMs;
      const pending: Pending = { request, number: this.#calls, deadlineMs, resolve, reject };
      if (this.#isMending || this.#again.length > 0) this.#waiting.push(pending);
      else this.#begin([pending]);
    });
  }

  /** What changes nothing has no place in the order. */
  async read(request: LaneRequest): Promise<Answer> {
    return await this.#patiently(request.patienceMs, async () => {
      const answer = await this.#ask(request);
      if (answer.word !== 'MASTER') return answer;
      await this.#parts.recover();
      return undefined;
    });
  }

  /** Undefined: once more. */
  async #patiently<Result>(patienceMs: number, ask: () => Promise<Result | undefined>): Promise<Result> {
    const { clock } = this.#parts;
    const deadlineMs = clock.monotonic() + patienceMs;
    for (;;) {
      try {
        const result = await ask();
        if (result !== undefined) return result;
      } catch (error) {
        if (!mayWorkLater(error) || clock.monotonic() >= deadlineMs) throw error;
        await clock.sleep(lanePauseMs);
      }
    }
  }

  /** Bodies that have keys of their own; null where one is not there. */
  async get(refs: readonly string[], patienceMs: number): Promise<readonly Reply[]> {
    const { partition, masters, keys } = this.#parts;
    return await this.#patiently(patienceMs, () =>
      masters.get(
        partition,
        refs.map((ref) => keys.body(ref)),
      ),
    );
  }

  #begin(pendings: readonly Pending[]): void {
    for (const pending of pendings) {
      const lack = this.#again.length > 0 ? undefined : pending.request.lacks?.();
      if (this.#again.length > 0) this.#waiting.push(pending);
      else if (lack === undefined) void this.#send(pending);
      else this.#putBack(pending, { lack });
    }
    this.#mendIfSettled();
  }

  async #send(pending: Pending): Promise<void> {
    this.#underWay += 1;
    try {
      const answer = await this.#ask(pending.request);
      if (!isLack(answer.word)) pending.resolve(answer);
      else this.#putBack(pending, { lack: [answer.word, ...answer.values.map(String)].join(' ') });
    } catch (error) {
      if (mayWorkLater(error)) this.#putBack(pending, { error });
      else pending.reject(error);
    }
    this.#underWay -= 1;
    this.#mendIfSettled();
  }

  #mendIfSettled(): void {
    if (this.#again.length > 0 && this.#underWay === 0 && !this.#isMending) void this.#mend();
  }

  #putBack(pending: Pending, obstacle: NonNullable<Pending['obstacle']>): void {
    pending.obstacle = obstacle;
    this.#again.push(pending);
  }

  async #ask(request: LaneRequest): Promise<Answer> {
    const { partition, masters, keys, clockOffsetMs, generation, onGeneration } = this.#parts;
    const { function: name, topics = [], refs = [], args } = request;
    const stored = request.bodies?.() ?? [];
    const call = {
      name: functionName(name),
      keys: keys.with(topics, [...refs, ...stored.map(({ ref }) => ref)]),
      args: [clockOffsetMs(), ...args()],
      bodies: stored.map(({ ref, body }) => ({ key: keys.body(ref), bytes: body })),
    };
    const whenSent = generation();
    const answer = answerOf(await masters.call(partition, call, { write: !changesNothing(name) }));
    if (answer.word !== 'MASTER') onGeneration(answer.generation, whenSent);
    return answer;
  }

  async #mend(): Promise<void> {
    this.#isMending = true;
    const again = this.#again.toSorted((one, other) => one.number - other.number);
    this.#again = [];
    const provided = new Set<string>();
    const sendable: Pending[] = [];
    let isPauseDue = false;
    for (const pending of again) {
      try {
        if (await this.#overcome(pending, provided)) isPauseDue = true;
        sendable.push(pending);
      } catch (error) {
        pending.reject(error);
      }
    }
    if (isPauseDue) await this.#parts.clock.sleep(lanePauseMs);
    this.#isMending = false;
    const waiting = this.#waiting;
    this.#waiting = [];
    this.#begin([...sendable, ...waiting]);
  }

  /** True when time has to pass before it is tried again. */
  async #overcome({ request, deadlineMs, obstacle }: Pending, provided: Set<string>): Promise<boolean> {
    const isLate = this.#parts.clock.monotonic() >= deadlineMs;
    if (obstacle === undefined) return false;
    if ('error' in obstacle) {
      if (isLate) throw obstacle.error;
      return true;
    }
    const { lack } = obstacle;
    if (isLate)
      throw new MasterError('UNAVAILABLE', `partition ${this.#parts.partition} lacks what ${request.function} needs: ${lack}`);
    const isOwn = lack !== 'MASTER' && request.topics !== undefined;
    const name = isOwn ? `${lack} ${request.function} ${request.topics.join(' ')}` : lack;
    // What describes a call's own streams is its own matter; what the partition lacks is the same for all.
    if (provided.has(name) && !lack.startsWith('STREAMS')) return false;
    provided.add(name);
    try {
      await (lack === 'MASTER' ? this.#parts.recover() : request.provide?.(lack));
    } catch (error) {
      if (!mayWorkLater(error)) throw error;
      return true;
    }
    return false;
  }
}

function isLack(word: string): boolean {
  return word === word.toUpperCase();
}

function mayWorkLater(error: unknown): error is MasterError {
  return (
    error instanceof MasterError && (error.code === 'AMBIGUOUS' || error.code === 'UNAVAILABLE' || error.code === 'REPLICAS')
  );
}
