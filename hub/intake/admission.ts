/**
 * One connection per agent. A higher start counter supersedes an older connection; so does the same process connecting again,
 * whose old connection is dead and does not know it yet. The same counter from another machine or boot is a clone of the agent's
 * identity: nobody can tell which of the two is right, so both are refused.
 */
import type { Hello, Id, RejectCode } from '@tributary/protocol/messages.ts';
import type { IntakeEvents } from './events.ts';

export interface Reject {
  readonly code: RejectCode;
  readonly hint: string;
  readonly retryAfterMs: number;
}

/** A connection as far as admission knows it. */
export interface AdmittedConnection {
  readonly remote: string;
  shutdown(reject: Reject): void;
}

interface Admitted {
  readonly hello: Hello;
  readonly connection: AdmittedConnection;
}

export class Admissions {
  readonly #events: IntakeEvents;
  readonly #retryAfterMs: number;
  readonly #byAgent = new Map<Id, Admitted>();

  constructor(options: { readonly events: IntakeEvents; readonly retryAfterMs: number }) {
    this.#events = options.events;
    this.#retryAfterMs = options.retryAfterMs;
  }

  /** Why this peer may not come in; undefined when it was let in. */
  admit(hello: Hello, connection: AdmittedConnection): Reject | undefined {
    if (hello.sender === 'hub') {
      return this.#reject('unauthorized', 'this hub takes no other hubs: that needs certificates, which come with enrolment');
    }
    const present = this.#byAgent.get(hello.agentId);
    if (present !== undefined) {
      const reject = this.#judge(hello, connection, present);
      if (reject !== undefined) return reject;
    }
    this.#byAgent.set(hello.agentId, { hello, connection });
    this.#events.admitted(hello, connection.remote);
    return undefined;
  }

  left(connection: AdmittedConnection, agentId: Id): void {
    if (this.#byAgent.get(agentId)?.connection !== connection) return;
    this.#byAgent.delete(agentId);
    this.#events.left(agentId, connection.remote);
  }

  #judge(hello: Hello, connection: AdmittedConnection, present: Admitted): Reject | undefined {
    const { startCounter, bootId, instanceId } = present.hello;
    if (hello.startCounter < startCounter) {
      const hint = `a later start of this agent (${startCounter} after ${hello.startCounter}) is connected: stop one of the two`;
      return this.#reject('superseded', hint);
    }
    const sameProcess = hello.bootId === bootId && hello.instanceId === instanceId;
    if (hello.startCounter > startCounter || sameProcess) {
      this.#byAgent.delete(hello.agentId);
      this.#events.superseded(hello.agentId, present.connection.remote);
      present.connection.shutdown(this.#reject('superseded', 'a later connection of this agent took over'));
      return undefined;
    }
    this.#byAgent.delete(hello.agentId);
    this.#events.clone(hello, [present.connection.remote, connection.remote]);
    const hint = 'another machine uses the same agent id: give one of the two a new data_dir, or remove its identity.json';
    const reject = this.#reject('clone', hint);
    present.connection.shutdown(reject);
    return reject;
  }

  #reject(code: RejectCode, hint: string): Reject {
    return { code, hint, retryAfterMs: this.#retryAfterMs };
  }
}
