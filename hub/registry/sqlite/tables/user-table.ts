/** People, and their sessions. */
import type { DatabaseSync } from 'node:sqlite';
import { integer, only, type Row, text } from '@tributary/shared/sqlite/row.ts';
import type { SessionRecord, UserRecord } from '../../registry.ts';
import { grants, optionalText } from './columns.ts';

const userColumns = 'name, password_hash, must_change, grants, created_ms, disabled';
const sessionColumns = 'id_hash, user, grants, created_ms, expires_ms';

export class UserTable {
  readonly #find;
  readonly #all;
  readonly #put;
  readonly #remove;
  readonly #count;

  constructor(db: DatabaseSync) {
    this.#find = db.prepare(`SELECT ${userColumns} FROM user WHERE name = ?`);
    this.#all = db.prepare(`SELECT ${userColumns} FROM user ORDER BY name`);
    this.#put = db.prepare(`
      INSERT INTO user (${userColumns}) VALUES (:name, :passwordHash, :mustChange, :grants, :createdMs, :disabled)
      ON CONFLICT (name) DO UPDATE SET password_hash = excluded.password_hash, must_change = excluded.must_change,
        grants = excluded.grants, created_ms = excluded.created_ms, disabled = excluded.disabled`);
    this.#remove = db.prepare('DELETE FROM user WHERE name = ?');
    this.#count = db.prepare('SELECT count(*) AS n FROM user');
  }

  find(name: string): UserRecord | undefined {
    const row = this.#find.get(name);
    return row === undefined ? undefined : userRow(row);
  }

  all(): UserRecord[] {
    return this.#all.all().map(userRow);
  }

  put(user: UserRecord): void {
    this.#put.run({
      name: user.name,
      passwordHash: user.passwordHash ?? null,
      mustChange: Number(user.mustChange),
      grants: JSON.stringify(user.grants),
      createdMs: user.createdMs,
      disabled: Number(user.disabled),
    });
  }

  remove(name: string): void {
    this.#remove.run(name);
  }

  count(): number {
    return integer(only(this.#count.get()), 'n');
  }
}

export class SessionTable {
  readonly #find;
  readonly #all;
  readonly #put;
  readonly #remove;
  readonly #removeOf;
  readonly #removeOldest;
  readonly #removeExpired;

  constructor(db: DatabaseSync) {
    this.#find = db.prepare(`SELECT ${sessionColumns} FROM session WHERE id_hash = ?`);
    this.#all = db.prepare(`SELECT ${sessionColumns} FROM session`);
    this.#put = db.prepare(
      `INSERT OR REPLACE INTO session (${sessionColumns}) VALUES (:idHash, :user, :grants, :createdMs, :expiresMs)`,
    );
    this.#remove = db.prepare('DELETE FROM session WHERE id_hash = ?');
    this.#removeOf = db.prepare('DELETE FROM session WHERE user = ?');
    this.#removeOldest = db.prepare(`
      DELETE FROM session WHERE id_hash IN
        (SELECT id_hash FROM session WHERE user = ? ORDER BY created_ms DESC, id_hash LIMIT -1 OFFSET ?)`);
    this.#removeExpired = db.prepare('DELETE FROM session WHERE expires_ms <= ?');
  }

  find(idHash: string): SessionRecord | undefined {
    const row = this.#find.get(idHash);
    return row === undefined ? undefined : sessionRow(row);
  }

  all(): SessionRecord[] {
    return this.#all.all().map(sessionRow);
  }

  put(session: SessionRecord): void {
    this.#put.run({ ...session, grants: session.grants === undefined ? null : JSON.stringify(session.grants) });
  }

  remove(idHash: string): void {
    this.#remove.run(idHash);
  }

  removeOf(user: string): void {
    this.#removeOf.run(user);
  }

  /** All but the newest of a person. */
  removeOldest(user: string, kept: number): void {
    this.#removeOldest.run(user, kept);
  }

  removeExpired(nowMs: number): void {
    this.#removeExpired.run(nowMs);
  }
}

function userRow(row: Row): UserRecord {
  return {
    name: text(row, 'name'),
    passwordHash: optionalText(row, 'password_hash'),
    mustChange: integer(row, 'must_change') !== 0,
    grants: grants(row, 'grants'),
    createdMs: integer(row, 'created_ms'),
    disabled: integer(row, 'disabled') !== 0,
  };
}

function sessionRow(row: Row): SessionRecord {
  return {
    idHash: text(row, 'id_hash'),
    user: text(row, 'user'),
    grants: row['grants'] === null ? undefined : grants(row, 'grants'),
    createdMs: integer(row, 'created_ms'),
    expiresMs: integer(row, 'expires_ms'),
  };
}
