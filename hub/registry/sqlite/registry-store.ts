/** The database as the one that writes works on it: the tables, and the trail beside each change. */
import type { DatabaseSync } from 'node:sqlite';
import { auditRowsMax, refusalRepeatMs, refusalsMax } from '../limits.ts';
import { type AuditEvent, auditDroppedKey } from '../registry.ts';
import { sharedTables } from './schema.ts';
import { AgentTable } from './tables/agent-table.ts';
import { AuditTable } from './tables/audit-table.ts';
import { ChangeTable } from './tables/change-table.ts';
import { MetaTable } from './tables/meta-table.ts';
import { SeenTable } from './tables/seen-table.ts';
import { ApiTokenTable, EnrolmentTokenTable } from './tables/token-table.ts';
import { SessionTable, UserTable } from './tables/user-table.ts';

export class RegistryStore {
  readonly agents: AgentTable;
  readonly enrolmentTokens: EnrolmentTokenTable;
  readonly apiTokens: ApiTokenTable;
  readonly users: UserTable;
  readonly sessions: SessionTable;
  readonly audit: AuditTable;
  readonly meta: MetaTable;
  readonly changes: ChangeTable;
  readonly seen: SeenTable;
  readonly #db: DatabaseSync;
  readonly #auditRowsMax: number;
  readonly #refusals = new Map<string, number>();
  /** Of the transaction under way: worth nothing when it is undone. */
  readonly #newRefusals = new Map<string, number>();

  constructor(db: DatabaseSync, limits: { readonly auditRowsMax: number } = { auditRowsMax }) {
    this.#db = db;
    this.#auditRowsMax = limits.auditRowsMax;
    this.agents = new AgentTable(db);
    this.enrolmentTokens = new EnrolmentTokenTable(db);
    this.apiTokens = new ApiTokenTable(db);
    this.users = new UserTable(db);
    this.sessions = new SessionTable(db);
    this.audit = new AuditTable(db);
    this.meta = new MetaTable(db);
    this.changes = new ChangeTable(db);
    this.seen = new SeenTable(db);
  }

  /** All of `body` or nothing of it; durable when it returns. Waits for the write of another process. */
  transaction<Result>(body: () => Result): Result {
    this.#newRefusals.clear();
    this.#db.exec('BEGIN IMMEDIATE');
    const result = this.#ended(body, { done: 'COMMIT', undone: 'ROLLBACK' });
    this.keepRefusals();
    return result;
  }

  /** The same, but all of it is undone, and what it would have changed is answered (SQLite's changeset; empty: nothing). */
  rehearsal<Result>(body: () => Result): { readonly result: Result; readonly changeset: Uint8Array } {
    this.#newRefusals.clear();
    this.#db.exec('BEGIN IMMEDIATE');
    // One for each table, as what belongs to this file alone is not to be told.
    const sessions = Object.keys(sharedTables).map((table) => this.#db.createSession({ table }));
    try {
      const result = body();
      return { result, changeset: Buffer.concat(sessions.map((session) => session.changeset())) };
    } finally {
      for (const session of sessions) session.close();
      if (this.#db.isTransaction) this.#db.exec('ROLLBACK');
    }
  }

  /** What was rehearsed last has happened. */
  keepRefusals(): void {
    for (const [what, nowMs] of this.#newRefusals) {
      this.#refusals.delete(what);
      this.#refusals.set(what, nowMs);
      const [oldest] = this.#refusals.keys();
      if (this.#refusals.size > refusalsMax && oldest !== undefined) this.#refusals.delete(oldest);
    }
    this.#newRefusals.clear();
  }

  /** One of several steps of a transaction: undone alone when it throws, the others stand. */
  step<Result>(body: () => Result): Result {
    this.#db.exec('SAVEPOINT step');
    return this.#ended(body, { done: 'RELEASE step', undone: 'ROLLBACK TO step; RELEASE step' });
  }

  tell(event: AuditEvent, nowMs: number): void {
    if (this.audit.count() < this.#auditRowsMax) {
      this.audit.insert(event, nowMs);
      return;
    }
    this.meta.put(auditDroppedKey, String(Number(this.meta.find(auditDroppedKey) ?? 0) + 1));
  }

  /** These and all before them are in the platform channel. Once there is room again, the trail tells what it did not take. */
  auditPassedOn(sequence: number, nowMs: number): void {
    this.audit.remove(sequence);
    const count = Number(this.meta.find(auditDroppedKey) ?? 0);
    if (count === 0 || this.audit.count() >= this.#auditRowsMax) return;
    this.meta.put(auditDroppedKey, '0');
    const event = { action: 'audit-dropped', actor: 'hub', address: '', outcome: 'failure', tenant: undefined } as const;
    this.audit.insert({ ...event, details: { count } }, nowMs);
  }

  /** An agent that is refused comes again and again: false for what was told a little while ago. */
  isNewRefusal(what: string, nowMs: number): boolean {
    const toldMs = this.#newRefusals.get(what) ?? this.#refusals.get(what);
    if (toldMs !== undefined && nowMs - toldMs < refusalRepeatMs) return false;
    this.#newRefusals.set(what, nowMs);
    return true;
  }

  #ended<Result>(body: () => Result, sql: { readonly done: string; readonly undone: string }): Result {
    try {
      const result = body();
      this.#db.exec(sql.done);
      return result;
    } catch (error) {
      // A full disk may have ended the whole transaction by itself.
      if (this.#db.isTransaction) this.#db.exec(sql.undone);
      throw error;
    }
  }
}
