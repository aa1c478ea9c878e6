/**
 * What reads are answered from: all agents, tokens of the HTTP API, users, sessions and small values, as of the last look at the
 * notes of changes. A look reads only what changed, whichever process changed it.
 */
import type { DatabaseSync } from 'node:sqlite';
import type { Id } from '@tributary/protocol/messages.ts';
import { changesKept } from '../limits.ts';
import type { Agent, ApiTokenRecord, SessionRecord, UserRecord } from '../registry.ts';
import { AgentTable } from './tables/agent-table.ts';
import { AuditTable } from './tables/audit-table.ts';
import { type Change, ChangeTable } from './tables/change-table.ts';
import { MetaTable } from './tables/meta-table.ts';
import { SeenTable } from './tables/seen-table.ts';
import { ApiTokenTable, EnrolmentTokenTable } from './tables/token-table.ts';
import { SessionTable, UserTable } from './tables/user-table.ts';

export class MemoryView {
  readonly enrolmentTokens: EnrolmentTokenTable;
  readonly apiTokenTable: ApiTokenTable;
  readonly audit: AuditTable;
  readonly apiTokens = new Map<string, ApiTokenRecord>();
  readonly users = new Map<string, UserRecord>();
  readonly sessions = new Map<string, SessionRecord>();
  readonly meta = new Map<string, string>();
  readonly #agents = new Map<Id, Agent>();
  readonly #db: DatabaseSync;
  readonly #agentTable: AgentTable;
  readonly #userTable: UserTable;
  readonly #sessionTable: SessionTable;
  readonly #metaTable: MetaTable;
  readonly #changes: ChangeTable;
  readonly #seen: SeenTable;
  readonly #version;
  #revision = 0;
  #seenVersion: unknown;
  #agentList: readonly Agent[] | undefined;

  constructor(db: DatabaseSync) {
    this.#db = db;
    this.enrolmentTokens = new EnrolmentTokenTable(db);
    this.apiTokenTable = new ApiTokenTable(db);
    this.audit = new AuditTable(db);
    this.#agentTable = new AgentTable(db);
    this.#userTable = new UserTable(db);
    this.#sessionTable = new SessionTable(db);
    this.#metaTable = new MetaTable(db);
    this.#changes = new ChangeTable(db);
    this.#seen = new SeenTable(db);
    this.#version = db.prepare('PRAGMA data_version');
    this.#inSnapshot(() => this.#reload());
  }

  agent(agentId: Id): Agent | undefined {
    return this.#agents.get(agentId);
  }

  /** In the order in which they enrolled first. */
  agents(): readonly Agent[] {
    this.#agentList ??= [...this.#agents.values()];
    return this.#agentList;
  }

  seen(agentId: Id, lastSeenMs: number): void {
    const agent = this.#agents.get(agentId);
    if (agent !== undefined) this.#setAgent({ ...agent, lastSeenMs });
  }

  apiTokenUsed(tokenId: string, lastUsedMs: number): void {
    const token = this.apiTokens.get(tokenId);
    if (token !== undefined) this.apiTokens.set(tokenId, { ...token, lastUsedMs });
  }

  /** When others were seen by other hubs of the site. */
  lookSeen(): void {
    for (const [name, atMs] of this.#seen.all()) {
      const [kind, id = ''] = name.split(' ');
      if (kind === 'agent' && atMs > (this.#agents.get(id)?.lastSeenMs ?? 0)) this.seen(id, atMs);
      else if (kind === 'token' && atMs > (this.apiTokens.get(id)?.lastUsedMs ?? 0)) this.apiTokenUsed(id, atMs);
    }
  }

  /** Looks only when another connection has committed since the last time. True when something changed. */
  look(): boolean {
    const version = this.#version.get()?.['data_version'];
    if (version === this.#seenVersion) return false;
    this.#seenVersion = version;
    return this.#inSnapshot(() => this.#catchUp());
  }

  #catchUp(): boolean {
    const changes = this.#changes.after(this.#revision, changesKept);
    const [first] = changes;
    if (first === undefined) return false;
    if (first.revision !== this.#revision + 1 || changes.length === changesKept) {
      this.#reload();
      return true;
    }
    const different = new Map(changes.map((change) => [`${change.kind} ${change.key}`, change]));
    for (const change of different.values()) this.#apply(change);
    this.#revision = changes.at(-1)?.revision ?? this.#revision;
    return true;
  }

  #apply({ kind, key }: Change): void {
    if (kind === 'agent') {
      const agent = this.#agentTable.find(key);
      if (agent !== undefined) this.#setAgent(later(agent, this.#agents.get(key)));
      else if (this.#agents.delete(key)) this.#agentList = undefined;
    } else if (kind === 'api_token') put(this.apiTokens, key, this.apiTokenTable.find(key));
    else if (kind === 'user') put(this.users, key, this.#userTable.find(key));
    else if (kind === 'session') put(this.sessions, key, this.#sessionTable.find(key));
    else if (kind === 'meta') put(this.meta, key, this.#metaTable.find(key));
  }

  #reload(): void {
    this.#revision = this.#changes.newest();
    for (const map of [this.#agents, this.apiTokens, this.users, this.sessions, this.meta]) map.clear();
    this.#agentList = undefined;
    for (const agent of this.#agentTable.all()) this.#setAgent(later(agent, undefined));
    for (const token of this.apiTokenTable.all()) this.apiTokens.set(token.tokenId, token);
    for (const user of this.#userTable.all()) this.users.set(user.name, user);
    for (const session of this.#sessionTable.all()) this.sessions.set(session.idHash, session);
    for (const [key, value] of this.#metaTable.all()) this.meta.set(key, value);
  }

  #setAgent(agent: Agent): void {
    this.#agents.set(agent.agentId, agent);
    this.#agentList = undefined;
  }

  #inSnapshot<Result>(body: () => Result): Result {
    this.#db.exec('BEGIN');
    try {
      return body();
    } finally {
      this.#db.exec('COMMIT');
    }
  }
}

/** The row, with what memory knows better: when it was seen is written once in a while only. */
function later(row: Agent, known: Agent | undefined): Agent {
  const lastSeenMs = Math.max(row.lastSeenMs ?? 0, known?.lastSeenMs ?? 0);
  return lastSeenMs === 0 ? row : { ...row, lastSeenMs };
}

function put<Value>(map: Map<string, Value>, key: string, value: Value | undefined): void {
  if (value === undefined) map.delete(key);
  else map.set(key, value);
}
