/**
 * The copy of the site's registry that this machine has: `registry.db`, with the version it is at, which moves in the transaction that takes
 * an entry. It is changed only by taking entries and snapshots of the site's; what is to be changed is rehearsed here first. Several processes
 * may have it open: each looks where it is inside its transaction.
 */
import { constants, type DatabaseSync } from 'node:sqlite';
import { schemaVersion } from '@tributary/shared/sqlite/migrate.ts';
import { integer, only } from '@tributary/shared/sqlite/row.ts';
import { changesKept } from '../limits.ts';
import { sharedTables } from '../sqlite/schema.ts';
import type { RegistryCall } from '../sqlite/registry-calls.ts';
import type { RegistryStore } from '../sqlite/registry-store.ts';
import { type Answer, performAll } from '../sqlite/registry-writer.ts';
import { LocalTable, positionKey } from '../sqlite/tables/local-table.ts';
import { idsKept } from './limits.ts';
import { type Position, positionOf, positionText } from './position.ts';
import type { Entry } from './site-log.ts';
import { makeSnapshot, refuseNewer, takeSnapshot } from './snapshot.ts';

export interface Rehearsal {
  /** Where the copy stood. */
  readonly at: Position;
  readonly answers: readonly Answer[];
  /** Empty: nothing would change. */
  readonly changeset: Uint8Array;
}

/** `stale`: another process took them, or the copy is another than it was. `different`: the copy is not what it should be. */
export type Taken = 'taken' | 'stale' | 'different';

export class Replica {
  readonly store: RegistryStore;
  readonly #db: DatabaseSync;
  readonly #local;
  readonly #addId;
  readonly #findId;
  readonly #dropIds;

  constructor(db: DatabaseSync, store: RegistryStore) {
    this.#db = db;
    this.store = store;
    this.#local = new LocalTable(db);
    this.#addId = db.prepare('INSERT OR REPLACE INTO entry (version, id) VALUES (?, ?)');
    this.#findId = db.prepare('SELECT 1 FROM entry WHERE id = ?');
    this.#dropIds = db.prepare('DELETE FROM entry WHERE version <= ?');
  }

  get schema(): number {
    return schemaVersion(this.#db);
  }

  /** Undefined: it has never had anything of the site. */
  position(): Position | undefined {
    const text = this.#local.find(positionKey);
    return text === undefined ? undefined : positionOf(text);
  }

  /** Nobody and nothing is in it. */
  isEmpty(): boolean {
    return ['agent', 'enrolment_token', 'api_token', 'user', 'session', 'audit'].every((table) => {
      const row = only(this.#db.prepare(`SELECT EXISTS (SELECT 1 FROM ${table}) AS n`).get());
      return integer(row, 'n') === 0;
    });
  }

  /** Whether an entry of this id is among the last that it has. */
  has(id: string): boolean {
    return this.#findId.get(id) !== undefined;
  }

  /** Whether a name of `seen` is anybody's. */
  isKnown(name: string): boolean {
    const [kind, id = ''] = name.split(' ');
    return (kind === 'agent' ? this.store.agents.find(id) : this.store.apiTokens.find(id)) !== undefined;
  }

  rehearse(calls: readonly RegistryCall[]): Rehearsal {
    const { result, changeset } = this.store.rehearsal(() => ({ at: this.position(), answers: performAll(this.store, calls) }));
    if (result.at === undefined) throw new Error('a copy that has nothing of its site is not asked');
    return { at: result.at, answers: result.answers, changeset };
  }

  /** Entries one after the other, from the one after its version. `site`: where they come from. */
  take(entries: readonly Entry[], site: Position): Taken {
    return this.#transaction(() => {
      const own = this.position();
      if (own === undefined) return 'stale';
      let version = own.version;
      for (const entry of entries) {
        if (entry.version <= version) continue;
        if (entry.version !== version + 1) return 'stale';
        refuseNewer(this.#db, entry.schema);
        if (!this.#apply(entry.changeset)) return 'different';
        this.#addId.run(entry.version, entry.id);
        version = entry.version;
      }
      this.#dropIds.run(version - idsKept);
      this.#setPosition({ ...site, version });
      return 'taken';
    });
  }

  takeSnapshot(bytes: Uint8Array, at: Position): void {
    this.#transaction(() => {
      takeSnapshot(this.#db, bytes);
      this.#setPosition(at);
      return 'taken';
    });
  }

  makeSnapshot(): { readonly at: Position | undefined; readonly bytes: Buffer } {
    this.#db.exec('BEGIN');
    try {
      return { at: this.position(), bytes: makeSnapshot(this.#db) };
    } finally {
      this.#db.exec('COMMIT');
    }
  }

  /** The first of its site. */
  found(at: Position): void {
    this.#transaction(() => {
      this.#setPosition(at);
      return 'taken';
    });
  }

  /** What belongs to this file alone. */
  tidy(seen: readonly (readonly [name: string, atMs: number])[]): void {
    this.store.transaction(() => {
      for (const [name, atMs] of seen) this.store.seen.put(name, atMs);
      this.store.changes.keep(changesKept);
    });
  }

  #apply(changeset: Uint8Array): boolean {
    return this.#db.applyChangeset(changeset, {
      filter: (table) => table in sharedTables,
      onConflict: () => constants.SQLITE_CHANGESET_ABORT,
    });
  }

  #setPosition(at: Position): void {
    this.#local.put(positionKey, positionText(at));
  }

  /** Only what was taken stays. */
  #transaction(body: () => Taken): Taken {
    this.#db.exec('BEGIN IMMEDIATE');
    try {
      const taken = body();
      this.#db.exec(taken === 'taken' ? 'COMMIT' : 'ROLLBACK');
      return taken;
    } catch (error) {
      if (this.#db.isTransaction) this.#db.exec('ROLLBACK');
      throw error;
    }
  }
}
