/** The plain changes, each with its event of the trail. They run inside the writer's transaction. */
import { isDeepStrictEqual } from 'node:util';
import { agentActor, tenantLabel } from '../audit-names.ts';
import {
  agentKeptMs,
  changesKept,
  fingerprintsMax,
  halfEnrolledKeptMs,
  revokedAgentKeptMs,
  sessionsPerUserMax,
  tokensMax,
  usersMax,
} from '../limits.ts';
import { type Agent, type AuditEvent, RegistryError } from '../registry.ts';
import type { RegistryContract } from './registry-calls.ts';
import type { RegistryStore } from './registry-store.ts';
import { agentName, tokenName } from './tables/seen-table.ts';

type By = Pick<AuditEvent, 'actor' | 'address'>;
type Argument<Name extends keyof RegistryContract> = RegistryContract[Name]['argument'];

export function certified(store: RegistryStore, argument: Argument<'certified'>): void {
  const { agentId, fingerprint, notAfterMs, address, nowMs } = argument;
  const agent = store.agents.find(agentId);
  if (agent === undefined) throw unknown(`agent ${agentId}`);
  if (agent.state === 'revoked') throw new RegistryError('REGISTRY_CONFLICT', `agent ${agentId} was revoked`);
  const known = [fingerprint, ...agent.fingerprints.filter((other) => other !== fingerprint)];
  // The last is the one in use, which stays; between them are those whose answers may have been lost.
  const fingerprints = known.length <= fingerprintsMax ? known : [...known.slice(0, fingerprintsMax - 1), ...known.slice(-1)];
  store.agents.put({ ...agent, fingerprints, notAfterMs });
  const details = { agent: agentId, host: agent.host, fingerprint, notAfter: new Date(notAfterMs).toISOString() };
  const tenant = tenantLabel(agent.tenants);
  const actor = agentActor(agentId);
  store.tell({ action: 'agent-certified', actor, address, outcome: 'success', tenant, details }, nowMs);
}

export function revokeAgent(store: RegistryStore, { agentId, audit, nowMs }: Argument<'revokeAgent'>): void {
  const agent = store.agents.find(agentId);
  const agents = agent === undefined ? store.agents.ofSite(agentId) : [agent];
  if (agents.length === 0) throw unknown(`agent ${agentId}`);
  for (const one of agents) {
    if (one.state === 'revoked') continue;
    store.agents.put({ ...one, state: 'revoked' });
    const details = { agent: one.agentId, host: one.host, ...(one.siteId !== undefined && { site: one.siteId }) };
    const tenant = tenantLabel(one.tenants);
    store.tell({ action: 'agent-revoked', ...audit, outcome: 'success', tenant, details }, nowMs);
  }
}

export function forgetAgent(store: RegistryStore, { agentId, audit, nowMs }: Argument<'forgetAgent'>): void {
  const agent = store.agents.find(agentId);
  if (agent === undefined) throw unknown(`agent ${agentId}`);
  store.agents.remove(agentId);
  tellForgotten(store, agent, audit, nowMs);
}

function tellForgotten(store: RegistryStore, { agentId, host, state, tenants }: Agent, audit: By, nowMs: number): void {
  const details = { agent: agentId, host, state };
  store.tell({ action: 'agent-forgotten', ...audit, outcome: 'success', tenant: tenantLabel(tenants), details }, nowMs);
}

export function addEnrolmentToken(store: RegistryStore, { token, audit, nowMs }: Argument<'addEnrolmentToken'>): void {
  checkNewToken(store, token.tokenId);
  store.enrolmentTokens.insert(token);
  const { tokenId, kind, siteId, usesMax, expiresMs } = token;
  const details = {
    token: tokenId,
    kind,
    ...(siteId !== undefined && { site: siteId }),
    uses: usesMax,
    expires: new Date(expiresMs).toISOString(),
  };
  const tenant = tenantLabel(token.tenants);
  store.tell({ action: 'token-created', ...audit, outcome: 'success', tenant, details }, nowMs);
}

export function addApiToken(store: RegistryStore, { token, audit, nowMs }: Argument<'addApiToken'>): void {
  checkNewToken(store, token.tokenId);
  store.apiTokens.insert(token);
  const { tokenId, scope, tenant, expiresMs, note } = token;
  const expires = expiresMs === undefined ? 'never' : new Date(expiresMs).toISOString();
  const details = { token: tokenId, scope, note, expires };
  store.tell({ action: 'api-token-created', ...audit, outcome: 'success', tenant, details }, nowMs);
}

export function revokeToken(store: RegistryStore, { tokenId, audit, nowMs }: Argument<'revokeToken'>): void {
  const enrolment = store.enrolmentTokens.find(tokenId);
  const api = store.apiTokens.find(tokenId);
  const found = enrolment ?? api;
  if (found === undefined) throw unknown('this token');
  if (found.revokedMs !== undefined) return;
  if (enrolment === undefined) store.apiTokens.revoke(tokenId, nowMs);
  else store.enrolmentTokens.revoke(tokenId, nowMs);
  const tenant = enrolment === undefined ? api?.tenant : tenantLabel(enrolment.tenants);
  store.tell({ action: 'token-revoked', ...audit, outcome: 'success', tenant, details: { token: tokenId } }, nowMs);
}

export function forgetTokens(store: RegistryStore, { tokenIds, overBeforeMs }: Argument<'forgetTokens'>): void {
  for (const tokenId of tokenIds) {
    store.enrolmentTokens.forget(tokenId, overBeforeMs);
    store.apiTokens.forget(tokenId, overBeforeMs);
  }
}

export function putUser(store: RegistryStore, { user, audit, from, nowMs }: Argument<'putUser'>): void {
  const before = store.users.find(user.name);
  if (from !== undefined && !isDeepStrictEqual(before, from.before)) {
    throw new RegistryError('REGISTRY_CONFLICT', 'somebody else changed this user just now: look again, and try again');
  }
  if (before === undefined && store.users.count() >= usersMax) {
    throw new RegistryError('REGISTRY_CONFLICT', `there are ${usersMax} users: remove some with tributary-hub user remove`);
  }
  store.users.put(user);
  if (user.disabled || before?.passwordHash !== user.passwordHash) store.sessions.removeOf(user.name);
  store.tell(audit, nowMs);
}

export function removeUser(store: RegistryStore, { name, audit, nowMs }: Argument<'removeUser'>): void {
  if (store.users.find(name) === undefined) throw unknown('this user');
  store.users.remove(name);
  store.sessions.removeOf(name);
  store.tell({ action: 'user-removed', ...audit, outcome: 'success', tenant: undefined, details: { user: name } }, nowMs);
}

export function putSession(store: RegistryStore, { session, audit, nowMs }: Argument<'putSession'>): void {
  store.sessions.put(session);
  store.sessions.removeOldest(session.user, sessionsPerUserMax);
  store.tell(audit, nowMs);
}

/** A session that is over already is told all the same: somebody meant to end it. */
export function removeSession(store: RegistryStore, { idHash, audit, nowMs }: Argument<'removeSession'>): void {
  store.sessions.remove(idHash);
  store.tell(audit, nowMs);
}

export function setMeta(store: RegistryStore, argument: Argument<'setMeta'>): void {
  const { values, unlessSet = false, from = {}, audit, nowMs } = argument;
  if (Object.entries(from).some(([key, before]) => store.meta.find(key) !== before)) {
    throw new RegistryError('REGISTRY_CONFLICT', 'somebody else changed this just now: look again, and try again');
  }
  for (const [key, value] of Object.entries(values)) {
    const before = store.meta.find(key);
    if (before !== value && !(unlessSet && before !== undefined)) store.meta.put(key, value);
  }
  if (audit !== undefined) store.tell(audit, nowMs);
}

/** Bounded growth: what is over goes, some time later. */
export function tidy(store: RegistryStore, { agents, tokens, nowMs }: Argument<'tidy'>): void {
  for (const [agentId, atMs] of agents) store.seen.put(agentName(agentId), atMs);
  for (const [tokenId, atMs] of tokens) store.seen.put(tokenName(tokenId), atMs);
  store.sessions.removeExpired(nowMs);
  const forgotten = store.agents.forget({
    expiredMs: nowMs - agentKeptMs,
    revokedExpiredMs: nowMs - revokedAgentKeptMs,
    halfEnrolledMs: nowMs - halfEnrolledKeptMs,
  });
  for (const agent of forgotten) tellForgotten(store, agent, { actor: 'housekeeping', address: '' }, nowMs);
  store.changes.keep(changesKept);
}

function checkNewToken(store: RegistryStore, tokenId: string): void {
  if (store.enrolmentTokens.find(tokenId) !== undefined || store.apiTokens.find(tokenId) !== undefined) {
    throw new RegistryError('REGISTRY_CONFLICT', 'there is a token of this name already');
  }
  if (store.enrolmentTokens.count() + store.apiTokens.count() < tokensMax) return;
  const hint =
    'revoke some with tributary-hub token revoke, and housekeeping forgets them after their time (housekeeping.retention)';
  throw new RegistryError('REGISTRY_CONFLICT', `there are ${tokensMax} tokens: ${hint}`);
}

function unknown(what: string): RegistryError {
  return new RegistryError('REGISTRY_UNKNOWN', `this site does not know ${what}`);
}
