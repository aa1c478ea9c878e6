/**
 * The writer: one transaction for all calls that waited (group commit), one sync for all of them, and only then their answers
 * (invariant 1). A call that fails by its own fault is undone alone. A full disk undoes the group; its calls are then tried one
 * by one, with intake refused. Any other failure ends the thread: nothing was answered, so nothing was promised.
 */
import { crashPoint } from '@tributary/shared/crash-point.ts';
import { freeMemory } from '@tributary/shared/free-memory.ts';
import { isDiskFull } from '@tributary/shared/sqlite/open-database.ts';
import { changeLimits, transactionBytesMax } from '../limits.ts';
import { QueueError } from '../queue-error.ts';
import { appendBatch, noSpaceHint, publish, refusedBusy } from './append.ts';
import { dropDeadEntries, replayDeadEntry } from './dead-entries.ts';
import { acquire, addArchived, attempt, commit, ensureGroup, plan, release, renew, restoreArchived } from './groups.ts';
import { pauseGroup, removeGroup, seekGroup, skipEntries } from './operators.ts';
import type { Space } from './space.ts';
import type { Store } from './store.ts';
import { closeStream, forgetStreams, openStream, recordGap } from './streams.ts';
import { topicLevel } from './topic-level.ts';
import { trimStep } from './trim.ts';
import type { StoreLevels, WriterCall } from './writer-contract.ts';

type Answer = () => void;

/** The calls that bring or move data: a crash point counts only their commits. */
const dataCalls: ReadonlySet<WriterCall['name']> = new Set(['append', 'publish', 'commit', 'recordGap']);

export class Writer {
  readonly #store: Store;
  readonly #space: Space;
  readonly #emit: (levels: StoreLevels) => void;

  constructor(parts: { readonly store: Store; readonly space: Space; readonly emit: (levels: StoreLevels) => void }) {
    this.#store = parts.store;
    this.#space = parts.space;
    this.#emit = parts.emit;
  }

  group(calls: readonly WriterCall[]): void {
    const hadSpace = !this.#store.noSpace;
    for (const part of inTransactions(calls, transactionBytesMax(this.#store.limits))) this.#togetherIfRoom(part);
    if (calls.some((call) => call.name === 'tick')) this.#space.tick();
    const spaceChanged = hadSpace === this.#store.noSpace;
    const levels = this.#levels(this.#store.takeChangedTopics());
    const isNews = levels.topics.length > 0 || levels.identitiesChanged || levels.heldBack.length > 0;
    if (isNews || spaceChanged) this.#emit(levels);
    this.#store.identitiesChanged = false;
  }

  allLevels(): StoreLevels {
    return this.#levels(this.#store.topics.all().map((topic) => topic.id));
  }

  #levels(topics: readonly number[]): StoreLevels {
    return {
      topics: topics.flatMap((id) => this.#store.topics.tryById(id) ?? []).map((topic) => topicLevel(this.#store, topic)),
      storeBytes: this.#store.storeBytes,
      noSpace: this.#store.noSpace,
      reserveHeld: this.#space.reserveHeld,
      identitiesChanged: this.#store.identitiesChanged,
      heldBack: this.#store.allowances.takeNotes(),
    };
  }

  #togetherIfRoom(calls: readonly WriterCall[]): void {
    try {
      this.#together(calls);
    } catch (error) {
      if (!isDiskFull(error)) throw error;
      this.#space.enter();
      for (const call of calls) this.#alone(call);
    }
  }

  #together(calls: readonly WriterCall[]): void {
    const carriesData = calls.some((call) => dataCalls.has(call.name));
    const answers = this.#store.transaction(() => {
      const performed = calls.map((call) => this.#perform(call));
      if (carriesData) crashPoint('hub.queue.before-commit');
      return performed;
    });
    // Here all of it is on disk: the only place from which answers may go.
    if (carriesData) crashPoint('hub.queue.after-commit');
    for (const answer of answers) answer();
    for (const call of calls) for (const body of bodiesOf(call)) freeMemory(body);
  }

  #alone(call: WriterCall): void {
    try {
      this.#together([call]);
    } catch (error) {
      if (!isDiskFull(error)) throw error;
      refuse(this.#store, call);
    }
  }

  #perform(call: WriterCall): Answer {
    try {
      return this.#store.step(() => perform(this.#store, call));
    } catch (error) {
      if (!(error instanceof QueueError)) throw error;
      return () => call.fail(error);
    }
  }
}

/** The calls in their order, cut so that no transaction brings more bytes than the log may hold. */
function inTransactions(calls: readonly WriterCall[], bytesMax: number): WriterCall[][] {
  const parts: WriterCall[][] = [];
  let part: WriterCall[] = [];
  let bytes = 0;
  for (const call of calls) {
    const more = bodyBytes(call);
    if (part.length > 0 && bytes + more > bytesMax) {
      parts.push(part);
      part = [];
      bytes = 0;
    }
    part.push(call);
    bytes += more;
  }
  parts.push(part);
  return parts;
}

function bodyBytes(call: WriterCall): number {
  return bodiesOf(call).reduce((sum, body) => sum + body.length, 0);
}

function bodiesOf(call: WriterCall): readonly Uint8Array[] {
  if (call.name === 'append') return [call.argument.batch.body];
  if (call.name === 'publish') return [call.argument.entry.body];
  if (call.name !== 'commit') return [];
  return (call.argument.commit.publish ?? []).map(({ entry }) => entry.body);
}

/** Does the work of a call inside the transaction and returns what answers it after the commit. */
function perform(store: Store, call: WriterCall): Answer {
  switch (call.name) {
    case 'append':
      return answerOf(call, appendBatch(store, call.argument));
    case 'openStream':
      return answerOf(call, openStream(store, call.argument));
    case 'recordGap':
      return answerOf(call, recordGap(store, call.argument));
    case 'closeStream':
      closeStream(store, call.argument);
      return answerOf(call, undefined);
    case 'publish':
      return answerOf(call, publish(store, call.argument));
    case 'ensureGroup':
      ensureGroup(store, call.argument);
      return answerOf(call, undefined);
    case 'acquire':
      return answerOf(call, acquire(store, call.argument));
    case 'renew':
      return answerOf(call, renew(store, call.argument));
    case 'release':
      release(store, call.argument);
      return answerOf(call, undefined);
    case 'attempt':
      return answerOf(call, attempt(store, call.argument));
    case 'commit':
      return answerOf(call, commit(store, call.argument));
    case 'plan':
      return answerOf(call, plan(store, call.argument));
    case 'restoreArchived':
      return answerOf(call, restoreArchived(store, call.argument));
    case 'addArchived':
      return answerOf(call, addArchived(store, call.argument));
    case 'pauseGroup':
      pauseGroup(store, call.argument);
      return answerOf(call, undefined);
    case 'seekGroup':
      return answerOf(call, seekGroup(store, call.argument));
    case 'skipEntries':
      return answerOf(call, skipEntries(store, call.argument));
    case 'forgetStreams':
      return answerOf(call, forgetStreams(store, call.argument));
    case 'removeArchived':
      return answerOf(call, call.argument.names.filter((name) => store.archive.removeObject(name)).length);
    case 'replayDeadEntry':
      return answerOf(call, replayDeadEntry(store, call.argument));
    case 'dropDeadEntries':
      return answerOf(call, dropDeadEntries(store, call.argument));
    case 'removeGroup':
      removeGroup(store, call.argument);
      return answerOf(call, undefined);
    case 'changeLimits':
      changeLimits(store.limits, call.argument);
      return answerOf(call, undefined);
    case 'trim':
    case 'tick':
      return answerOf(call, { more: trimStep(store, call.argument.nowMs) });
    case 'open':
      break;
  }
  throw new QueueError('QUEUE_IN_USE', 'the store is open');
}

function answerOf<Result>(call: { readonly reply: (result: Result) => void }, result: Result): Answer {
  return () => call.reply(result);
}

/** What is answered when there is no room even with the reserve given up. Each of these may be tried again. */
function refuse(store: Store, call: WriterCall): void {
  switch (call.name) {
    case 'append':
      call.reply(refusedBusy(store, noSpaceHint));
      break;
    case 'publish':
    case 'commit':
    case 'replayDeadEntry':
      call.reply('full');
      break;
    case 'trim':
    case 'tick':
      call.reply({ more: false });
      break;
    case 'open':
    case 'openStream':
    case 'closeStream':
    case 'recordGap':
    case 'ensureGroup':
    case 'acquire':
    case 'renew':
    case 'release':
    case 'attempt':
    case 'plan':
    case 'restoreArchived':
    case 'addArchived':
    case 'pauseGroup':
    case 'seekGroup':
    case 'skipEntries':
    case 'forgetStreams':
    case 'removeArchived':
    case 'dropDeadEntries':
    case 'removeGroup':
    case 'changeLimits':
      call.fail(new QueueError('QUEUE_NO_SPACE', `${call.name}: ${noSpaceHint}`));
      break;
  }
}
