/** The trail that was not passed on yet. Its sequence never goes back, also when all of it was passed on. */
import type { DatabaseSync } from 'node:sqlite';
import { integer, only, type Row, text } from '@tributary/shared/sqlite/row.ts';
import { auditDetailsMax, auditTextMax } from '../../limits.ts';
import type { AuditEvent, StoredAuditEvent } from '../../registry.ts';

export class AuditTable {
  readonly #insert;
  readonly #after;
  readonly #remove;
  readonly #span;

  constructor(db: DatabaseSync) {
    this.#insert = db.prepare('INSERT INTO audit (at_ms, event) VALUES (?, ?)');
    this.#after = db.prepare('SELECT sequence, at_ms, event FROM audit WHERE sequence > ? ORDER BY sequence LIMIT ?');
    this.#remove = db.prepare('DELETE FROM audit WHERE sequence <= ?');
    this.#span = db.prepare('SELECT (SELECT max(sequence) FROM audit) - (SELECT min(sequence) FROM audit) + 1 AS n');
  }

  insert(event: AuditEvent, atMs: number): void {
    this.#insert.run(atMs, JSON.stringify(bounded(event)));
  }

  after(sequence: number, max: number): StoredAuditEvent[] {
    return this.#after.all(sequence, max).map(storedEvent);
  }

  /** This one and all before it. */
  remove(sequence: number): void {
    this.#remove.run(sequence);
  }

  /** Events that wait: they are taken from the front only. */
  count(): number {
    const row = only(this.#span.get());
    return row['n'] === null ? 0 : integer(row, 'n');
  }
}

/** What strangers say of themselves is in it: no event is larger than a few pages. */
function bounded(event: AuditEvent): AuditEvent {
  const details = Object.entries(event.details)
    .slice(0, auditDetailsMax)
    .map(([key, value]) => [clipped(key), typeof value === 'string' ? clipped(value) : value] as const);
  return { ...event, actor: clipped(event.actor), address: clipped(event.address), details: Object.fromEntries(details) };
}

function clipped(value: string): string {
  return value.length <= auditTextMax ? value : `${value.slice(0, auditTextMax - 1).toWellFormed()}…`;
}

function storedEvent(row: Row): StoredAuditEvent {
  const { action, actor, address, outcome, tenant, details }: AuditEvent = JSON.parse(text(row, 'event'));
  return { action, actor, address, outcome, tenant, details, sequence: integer(row, 'sequence'), atMs: integer(row, 'at_ms') };
}
