/**
 * The writer: one transaction and one sync for all calls that waited (group commit), and only then their answers. A call that fails
 * by its own fault is undone alone. Without room, or while another process writes for long, all of a group fail and may be tried
 * again. Any other failure is thrown: nothing was answered, so nothing was promised.
 */
import { crashPoint } from '@tributary/shared/crash-point.ts';
import { isDiskFull } from '@tributary/shared/sqlite/open-database.ts';
import { RegistryError } from '../registry.ts';
import * as changes from './changes.ts';
import { enrol } from './enrol.ts';
import { greet } from './greet.ts';
import type { RegistryCall } from './registry-calls.ts';
import type { RegistryStore } from './registry-store.ts';

export type Answer = () => void;

const sqliteBusy = 5;

export class RegistryWriter {
  readonly #store: RegistryStore;

  constructor(store: RegistryStore) {
    this.#store = store;
  }

  group(calls: readonly RegistryCall[]): void {
    try {
      this.#together(calls);
    } catch (error) {
      const failure = passingFailure(error);
      if (failure === undefined) throw error;
      for (const call of calls) call.fail(failure);
    }
  }

  #together(calls: readonly RegistryCall[]): void {
    const enrols = calls.some(({ name }) => name === 'enrol' || name === 'certified');
    const answers = this.#store.transaction(() => {
      const performed = performAll(this.#store, calls);
      if (enrols) crashPoint('hub.registry.before-commit');
      return performed;
    });
    // Here all of it is on disk: the only place from which answers may go.
    if (enrols) crashPoint('hub.registry.after-commit');
    for (const answer of answers) answer();
  }
}

/** Inside a transaction. What answers the calls is done once the transaction cannot be undone any more. */
export function performAll(store: RegistryStore, calls: readonly RegistryCall[]): Answer[] {
  return calls.map((call) => {
    try {
      return store.step(() => perform(store, call));
    } catch (error) {
      if (!(error instanceof RegistryError)) throw error;
      return () => call.fail(error);
    }
  });
}

/** What is over after a while by itself, or once somebody makes room. */
export function passingFailure(error: unknown): RegistryError | undefined {
  if (isDiskFull(error)) {
    const hint = 'there is no room on the disk of data_dir: make room and try again';
    return new RegistryError('REGISTRY_UNAVAILABLE', hint, { cause: error });
  }
  if (
    error instanceof Error &&
    'errcode' in error &&
    typeof error.errcode === 'number' &&
    (error.errcode & 0xff) === sqliteBusy
  ) {
    const hint = 'another process is writing to the registry: try again';
    return new RegistryError('REGISTRY_UNAVAILABLE', hint, { cause: error });
  }
  return undefined;
}

/** Does the work of a call inside the transaction and returns what answers it after the commit. */
function perform(store: RegistryStore, call: RegistryCall): Answer {
  switch (call.name) {
    case 'enrol':
      return answerOf(call, enrol(store, call.argument));
    case 'greeted':
      return answerOf(call, greet(store, call.argument));
    case 'certified':
      return answerOf(call, changes.certified(store, call.argument));
    case 'revokeAgent':
      return answerOf(call, changes.revokeAgent(store, call.argument));
    case 'forgetAgent':
      return answerOf(call, changes.forgetAgent(store, call.argument));
    case 'addEnrolmentToken':
      return answerOf(call, changes.addEnrolmentToken(store, call.argument));
    case 'addApiToken':
      return answerOf(call, changes.addApiToken(store, call.argument));
    case 'revokeToken':
      return answerOf(call, changes.revokeToken(store, call.argument));
    case 'forgetTokens':
      return answerOf(call, changes.forgetTokens(store, call.argument));
    case 'putUser':
      return answerOf(call, changes.putUser(store, call.argument));
    case 'removeUser':
      return answerOf(call, changes.removeUser(store, call.argument));
    case 'putSession':
      return answerOf(call, changes.putSession(store, call.argument));
    case 'removeSession':
      return answerOf(call, changes.removeSession(store, call.argument));
    case 'record':
      return answerOf(call, store.tell(call.argument.audit, call.argument.nowMs));
    case 'auditPassedOn':
      return answerOf(call, store.auditPassedOn(call.argument.sequence, call.argument.nowMs));
    case 'setMeta':
      return answerOf(call, changes.setMeta(store, call.argument));
    case 'tidy':
      return answerOf(call, changes.tidy(store, call.argument));
    case 'giveUp':
      // Nothing waits for anybody here.
      return answerOf(call, undefined);
    case 'open':
      break;
  }
  throw new RegistryError('REGISTRY_CONFLICT', 'the registry is open');
}

function answerOf<Result>(call: { readonly reply: (result: Result) => void }, result: Result): Answer {
  return () => call.reply(result);
}
