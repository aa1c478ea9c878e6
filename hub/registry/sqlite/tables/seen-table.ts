/** When agents and tokens of the HTTP API were last seen. Not part of what the hubs of a site have alike: they tell each other lazily. */
import type { DatabaseSync } from 'node:sqlite';
import { integer, text } from '@tributary/shared/sqlite/row.ts';

/** `agent <id>` or `token <id>`. */
export type SeenName = string;

export function agentName(agentId: string): SeenName {
  return `agent ${agentId}`;
}

export function tokenName(tokenId: string): SeenName {
  return `token ${tokenId}`;
}

export class SeenTable {
  readonly #put;
  readonly #all;

  constructor(db: DatabaseSync) {
    this.#put = db.prepare(
      'INSERT INTO seen (name, at_ms) VALUES (?, ?) ON CONFLICT (name) DO UPDATE SET at_ms = max(at_ms, excluded.at_ms)',
    );
    this.#all = db.prepare('SELECT name, at_ms FROM seen');
  }

  put(name: SeenName, atMs: number): void {
    this.#put.run(name, atMs);
  }

  all(): (readonly [name: SeenName, atMs: number])[] {
    return this.#all.all().map((row) => [text(row, 'name'), integer(row, 'at_ms')] as const);
  }
}
