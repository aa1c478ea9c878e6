/**
 * One connection per agent. A higher start counter supersedes an older connection; so does the same process connecting again,
 * whose old connection is dead and does not know it yet. The same counter from another machine or boot is a clone of the agent's
 * identity: nobody can tell which of the two is right, so both are refused.
 */
import type { Hello, Id, RejectCode } from '@tributary/protocol/messages.ts';
import { type Arrival, isOlder } from './elsewhere.ts';
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
  readonly admittedMs: number;
  readonly connection: AdmittedConnection;
}

export class Admissions {
  readonly #events: IntakeEvents;
  readonly #retryAfterMs: number;
  readonly #now: () => number;
  readonly #byAgent = new Map<string, Admitted>();

  /** `now`: monotonic milliseconds. */
  constructor(options: { readonly events: IntakeEvents; readonly retryAfterMs: number; readonly now: () => number }) {
    this.#events = options.events;
    this.#now = options.now;
    this.#retryAfterMs = options.retryAfterMs;
  }

  /** Why this peer may not come in; undefined when it was let in. The same id at another site is somebody else. */
  admit(siteId: Id, hello: Hello, connection: AdmittedConnection): Reject | undefined {
    const name = nameOf(siteId, hello.agentId);
    const present = this.#byAgent.get(name);
    if (present !== undefined) {
      this.#byAgent.delete(name);
      const judged = this.#judge(hello, connection, present);
      if (judged.stays) this.#byAgent.set(name, present);
      if (judged.reject !== undefined) return judged.reject;
    }
    this.#byAgent.set(name, { hello, connection, admittedMs: this.#now() });
    this.#events.admitted(hello, connection.remote);
    return undefined;
  }

  /** Ends the connection of an agent that has come to another hub of the site, if it is an older one. */
  cameElsewhere(arrival: Arrival): void {
    const present = this.#byAgent.get(nameOf(arrival.site, arrival.agent));
    if (present === undefined || !isOlder(present.hello, this.#now() - present.admittedMs, arrival)) return;
    this.#events.superseded(arrival.agent, present.connection.remote);
    present.connection.shutdown(this.#reject('superseded', 'this agent has connected to another hub of the site'));
  }

  left(siteId: Id, agentId: Id, connection: AdmittedConnection): void {
    const name = nameOf(siteId, agentId);
    if (this.#byAgent.get(name)?.connection !== connection) return;
    this.#byAgent.delete(name);
    this.#events.left(agentId, connection.remote);
  }

  #judge(hello: Hello, connection: AdmittedConnection, present: Admitted): { stays: boolean; reject?: Reject } {
    const { startCounter, bootId, instanceId } = present.hello;
    if (hello.startCounter < startCounter) {
      const hint = `a later start of this agent (${startCounter} after ${hello.startCounter}) is connected: stop one of the two`;
      return { stays: true, reject: this.#reject('superseded', hint) };
    }
    const sameProcess = hello.bootId === bootId && hello.instanceId === instanceId;
    if (hello.startCounter > startCounter || sameProcess) {
      this.#events.superseded(hello.agentId, present.connection.remote);
      present.connection.shutdown(this.#reject('superseded', 'a later connection of this agent took over'));
      return { stays: false };
    }
    this.#events.clone(hello, [present.connection.remote, connection.remote]);
    const hint = 'another machine uses the same agent id: give one of the two a new data_dir, or remove its identity.json';
    const reject = this.#reject('clone', hint);
    present.connection.shutdown(reject);
    return { stays: false, reject };
  }

  #reject(code: RejectCode, hint: string): Reject {
    return { code, hint, retryAfterMs: this.#retryAfterMs };
  }
}

function nameOf(siteId: Id, agentId: Id): string {
  return `${siteId}/${agentId}`;
}
