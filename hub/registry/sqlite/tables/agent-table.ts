import type { DatabaseSync } from 'node:sqlite';
import type { Id } from '@tributary/protocol/messages.ts';
import { integer, optionalInteger, type Row, text } from '@tributary/shared/sqlite/row.ts';
import type { Agent } from '../../registry.ts';
import { labels, list, oneOf, optionalText, refusedCopy, tenantsOf, tenantsText } from './columns.ts';

const columns = `agent_id, kind, site_id, tenants, labels, host, instance_id, fingerprints, not_after_ms, enrolled_ms, token_id,
  state, boot_id, start_counter, retired_boots, refused_copy`;
const lastSeen = `(SELECT at_ms FROM seen WHERE name = 'agent ' || agent_id) AS last_seen_ms`;

export class AgentTable {
  readonly #find;
  readonly #all;
  readonly #put;
  readonly #keyHash;
  readonly #setKeyHash;
  readonly #ofSite;
  readonly #remove;
  readonly #forget;

  constructor(db: DatabaseSync) {
    this.#find = db.prepare(`SELECT ${columns}, ${lastSeen} FROM agent WHERE agent_id = ?`);
    this.#all = db.prepare(`SELECT ${columns}, ${lastSeen} FROM agent ORDER BY enrolled_ms, agent_id`);
    this.#put = db.prepare(`
      INSERT INTO agent (${columns}) VALUES (:agentId, :kind, :siteId, :tenants, :labels, :host, :instanceId, :fingerprints, :notAfterMs,
        :enrolledMs, :tokenId, :state, :bootId, :startCounter, :retiredBoots, :refusedCopy)
      ON CONFLICT (agent_id) DO UPDATE SET kind = excluded.kind, site_id = excluded.site_id, tenants = excluded.tenants, labels = excluded.labels,
        host = excluded.host, instance_id = excluded.instance_id, fingerprints = excluded.fingerprints,
        not_after_ms = excluded.not_after_ms, enrolled_ms = excluded.enrolled_ms, token_id = excluded.token_id,
        state = excluded.state, boot_id = excluded.boot_id, start_counter = excluded.start_counter,
        retired_boots = excluded.retired_boots, refused_copy = excluded.refused_copy`);
    this.#keyHash = db.prepare('SELECT key_hash FROM agent WHERE agent_id = ?');
    this.#setKeyHash = db.prepare('UPDATE agent SET key_hash = ? WHERE agent_id = ?');
    this.#ofSite = db.prepare(`SELECT ${columns}, ${lastSeen} FROM agent WHERE site_id = ? ORDER BY enrolled_ms, agent_id`);
    this.#remove = db.prepare('DELETE FROM agent WHERE agent_id = ?');
    this.#forget = db.prepare(`
      DELETE FROM agent WHERE (not_after_ms = 0 AND enrolled_ms < :halfEnrolledMs)
        OR (not_after_ms > 0 AND not_after_ms < iif(state = 'revoked', :revokedExpiredMs, :expiredMs))
      RETURNING ${columns}, NULL AS last_seen_ms`);
  }

  find(agentId: Id): Agent | undefined {
    const row = this.#find.get(agentId);
    return row === undefined ? undefined : agentRow(row);
  }

  all(): Agent[] {
    return this.#all.all().map(agentRow);
  }

  /** The hubs of a lower site. */
  ofSite(siteId: Id): Agent[] {
    return this.#ofSite.all(siteId).map(agentRow);
  }

  /** All but when it was seen. */
  put({ lastSeenMs: _lastSeenMs, ...agent }: Agent): void {
    this.#put.run({
      ...agent,
      siteId: agent.siteId ?? null,
      tenants: tenantsText(agent.tenants),
      labels: JSON.stringify(agent.labels),
      fingerprints: JSON.stringify(agent.fingerprints),
      retiredBoots: JSON.stringify(agent.retiredBoots),
      refusedCopy: agent.refusedCopy === undefined ? null : JSON.stringify(agent.refusedCopy),
    });
  }

  /** Of the key that was certified at the last enrolment; empty where there was none. */
  keyHash(agentId: Id): string | undefined {
    const row = this.#keyHash.get(agentId);
    return row === undefined ? undefined : text(row, 'key_hash');
  }

  setKeyHash(agentId: Id, keyHash: string): void {
    this.#setKeyHash.run(keyHash, agentId);
  }

  remove(agentId: Id): void {
    this.#remove.run(agentId);
  }

  /** Those whose certificates expired, or that were granted one and never got it, before these times; returns them. */
  forget(before: { readonly expiredMs: number; readonly revokedExpiredMs: number; readonly halfEnrolledMs: number }): Agent[] {
    return this.#forget.all({ ...before }).map(agentRow);
  }
}

function agentRow(row: Row): Agent {
  return {
    agentId: text(row, 'agent_id'),
    kind: oneOf(row, 'kind', ['agent', 'hub']),
    siteId: optionalText(row, 'site_id'),
    tenants: tenantsOf(row, 'tenants'),
    labels: labels(row, 'labels'),
    host: text(row, 'host'),
    instanceId: text(row, 'instance_id'),
    fingerprints: list(row, 'fingerprints'),
    notAfterMs: integer(row, 'not_after_ms'),
    enrolledMs: integer(row, 'enrolled_ms'),
    tokenId: text(row, 'token_id'),
    state: oneOf(row, 'state', ['active', 'revoked', 'cloned']),
    bootId: text(row, 'boot_id'),
    startCounter: integer(row, 'start_counter'),
    lastSeenMs: optionalInteger(row, 'last_seen_ms'),
    retiredBoots: list(row, 'retired_boots'),
    refusedCopy: refusedCopy(row, 'refused_copy'),
  };
}
