/** Tokens of both kinds: those that enrol, and those of the HTTP API. A name is in one of the two tables only. */
import type { DatabaseSync } from 'node:sqlite';
import { integer, only, optionalInteger, type Row, text } from '@tributary/shared/sqlite/row.ts';
import type { ApiTokenRecord, EnrolmentTokenRecord } from '../../registry.ts';
import { labels, oneOf, optionalText, tenantsOf, tenantsText } from './columns.ts';

const enrolmentColumns =
  'token_id, secret_hash, kind, site_id, tenants, labels, uses_max, uses, created_ms, created_by, expires_ms, revoked_ms';
const apiColumns = 'token_id, secret_hash, tenant, scope, note, created_ms, created_by, expires_ms, revoked_ms';
const lastUsed = `(SELECT at_ms FROM seen WHERE name = 'token ' || token_id) AS last_used_ms`;

export class EnrolmentTokenTable {
  readonly #find;
  readonly #all;
  readonly #insert;
  readonly #use;
  readonly #revoke;
  readonly #forget;
  readonly #count;

  constructor(db: DatabaseSync) {
    this.#find = db.prepare(`SELECT ${enrolmentColumns} FROM enrolment_token WHERE token_id = ?`);
    this.#all = db.prepare(`SELECT ${enrolmentColumns} FROM enrolment_token ORDER BY created_ms, token_id`);
    this.#insert =
      db.prepare(`INSERT INTO enrolment_token (${enrolmentColumns}) VALUES (:tokenId, :secretHash, :kind, :siteId, :tenants,
      :labels, :usesMax, :uses, :createdMs, :createdBy, :expiresMs, :revokedMs)`);
    this.#use = db.prepare('UPDATE enrolment_token SET uses = uses + 1 WHERE token_id = ?');
    this.#revoke = db.prepare('UPDATE enrolment_token SET revoked_ms = ? WHERE token_id = ?');
    // One that is used up is good for nothing; how long ago that was is not known, so its age counts.
    this.#forget = db.prepare(
      'DELETE FROM enrolment_token WHERE token_id = ? AND min(expires_ms, ifnull(revoked_ms, expires_ms), iif(uses = uses_max, created_ms, expires_ms)) < ?',
    );
    this.#count = db.prepare('SELECT count(*) AS n FROM enrolment_token');
  }

  find(tokenId: string): EnrolmentTokenRecord | undefined {
    const row = this.#find.get(tokenId);
    return row === undefined ? undefined : enrolmentToken(row);
  }

  all(): EnrolmentTokenRecord[] {
    return this.#all.all().map(enrolmentToken);
  }

  insert(token: EnrolmentTokenRecord): void {
    this.#insert.run({
      ...token,
      siteId: token.siteId ?? null,
      tenants: tenantsText(token.tenants),
      labels: JSON.stringify(token.labels),
      revokedMs: token.revokedMs ?? null,
    });
  }

  use(tokenId: string): void {
    this.#use.run(tokenId);
  }

  revoke(tokenId: string, atMs: number): void {
    this.#revoke.run(atMs, tokenId);
  }

  /** Where it was over before this time. */
  forget(tokenId: string, beforeMs: number): void {
    this.#forget.run(tokenId, beforeMs);
  }

  count(): number {
    return integer(only(this.#count.get()), 'n');
  }
}

export class ApiTokenTable {
  readonly #find;
  readonly #all;
  readonly #insert;
  readonly #revoke;
  readonly #forget;
  readonly #count;

  constructor(db: DatabaseSync) {
    this.#find = db.prepare(`SELECT ${apiColumns}, ${lastUsed} FROM api_token WHERE token_id = ?`);
    this.#all = db.prepare(`SELECT ${apiColumns}, ${lastUsed} FROM api_token ORDER BY created_ms, token_id`);
    this.#insert = db.prepare(`INSERT INTO api_token (${apiColumns}) VALUES (:tokenId, :secretHash, :tenant, :scope, :note,
      :createdMs, :createdBy, :expiresMs, :revokedMs)`);
    this.#revoke = db.prepare('UPDATE api_token SET revoked_ms = ? WHERE token_id = ?');
    this.#forget = db.prepare(
      'DELETE FROM api_token WHERE token_id = :tokenId AND (expires_ms < :before OR revoked_ms < :before)',
    );
    this.#count = db.prepare('SELECT count(*) AS n FROM api_token');
  }

  find(tokenId: string): ApiTokenRecord | undefined {
    const row = this.#find.get(tokenId);
    return row === undefined ? undefined : apiToken(row);
  }

  all(): ApiTokenRecord[] {
    return this.#all.all().map(apiToken);
  }

  /** All but when it was used. */
  insert({ lastUsedMs: _lastUsedMs, ...token }: ApiTokenRecord): void {
    const { expiresMs = null, revokedMs = null } = token;
    this.#insert.run({ ...token, expiresMs, revokedMs });
  }

  revoke(tokenId: string, atMs: number): void {
    this.#revoke.run(atMs, tokenId);
  }

  forget(tokenId: string, beforeMs: number): void {
    this.#forget.run({ tokenId, before: beforeMs });
  }

  count(): number {
    return integer(only(this.#count.get()), 'n');
  }
}

function enrolmentToken(row: Row): EnrolmentTokenRecord {
  return {
    tokenId: text(row, 'token_id'),
    secretHash: text(row, 'secret_hash'),
    kind: oneOf(row, 'kind', ['agent', 'hub']),
    siteId: optionalText(row, 'site_id'),
    tenants: tenantsOf(row, 'tenants'),
    labels: labels(row, 'labels'),
    usesMax: integer(row, 'uses_max'),
    uses: integer(row, 'uses'),
    createdMs: integer(row, 'created_ms'),
    createdBy: text(row, 'created_by'),
    expiresMs: integer(row, 'expires_ms'),
    revokedMs: optionalInteger(row, 'revoked_ms'),
  };
}

function apiToken(row: Row): ApiTokenRecord {
  return {
    tokenId: text(row, 'token_id'),
    secretHash: text(row, 'secret_hash'),
    tenant: text(row, 'tenant'),
    scope: oneOf(row, 'scope', ['read', 'write', 'admin']),
    note: text(row, 'note'),
    createdMs: integer(row, 'created_ms'),
    createdBy: text(row, 'created_by'),
    expiresMs: optionalInteger(row, 'expires_ms'),
    revokedMs: optionalInteger(row, 'revoked_ms'),
    lastUsedMs: optionalInteger(row, 'last_used_ms'),
  };
}
