/** What tests of the registry and of what uses it are made from. */
import { hash } from 'node:crypto';
import type {
  ApiTokenRecord,
  AuditEvent,
  Enrolment,
  EnrolmentTokenRecord,
  Greeting,
  Registry,
  SessionRecord,
  StoredAuditEvent,
  UserRecord,
} from './registry.ts';

export const testNowMs = 1_800_000_000_000;
export const dayMs = 86_400_000;
export const testBy = { actor: 'console:anna', address: '' } as const;

export function testId(text: string): string {
  return hash('sha256', text, 'hex').slice(0, 32);
}

export function testHash(text: string): string {
  return hash('sha256', text, 'hex');
}

export function testToken(tokenId: string, changes: Partial<EnrolmentTokenRecord> = {}): EnrolmentTokenRecord {
  return {
    tokenId,
    secretHash: testHash(`secret of ${tokenId}`),
    kind: 'agent',
    tenants: ['shop'],
    labels: { rack: '7' },
    usesMax: 1,
    uses: 0,
    createdMs: testNowMs,
    createdBy: testBy.actor,
    expiresMs: testNowMs + dayMs,
    revokedMs: undefined,
    ...changes,
  };
}

export function testApiToken(tokenId: string, changes: Partial<ApiTokenRecord> = {}): ApiTokenRecord {
  return {
    tokenId,
    secretHash: testHash(`secret of ${tokenId}`),
    tenant: 'shop',
    scope: 'write',
    note: 'billing',
    createdMs: testNowMs,
    createdBy: testBy.actor,
    expiresMs: undefined,
    revokedMs: undefined,
    lastUsedMs: undefined,
    ...changes,
  };
}

/** Of a machine whose ids are all made from its name. */
export function testEnrolment(machine: string, tokenId: string, changes: Partial<Enrolment> = {}): Enrolment {
  return {
    tokenId,
    secretHash: testHash(`secret of ${tokenId}`),
    kind: 'agent',
    agentId: testId(`agent ${machine}`),
    instanceId: testId(`instance ${machine}`),
    bootId: testId(`boot ${machine}`),
    host: machine,
    replaces: undefined,
    siteId: changes.kind === 'hub' ? testId('a lower site') : undefined,
    keyHash: testHash(`key of ${machine}`),
    ...changes,
  };
}

export function testGreeting(machine: string, changes: Partial<Greeting> = {}): Greeting {
  return {
    agentId: testId(`agent ${machine}`),
    instanceId: testId(`instance ${machine}`),
    bootId: testId(`boot ${machine}`),
    startCounter: 100,
    fingerprint: testHash(`certificate of ${machine}`),
    ...changes,
  };
}

export function testUser(name: string, changes: Partial<UserRecord> = {}): UserRecord {
  const grants = [{ tenant: 'shop', role: 'viewer' }] as const;
  return { name, passwordHash: 'scrypt$x', mustChange: false, grants, createdMs: testNowMs, disabled: false, ...changes };
}

export function testSession(name: string, changes: Partial<SessionRecord> = {}): SessionRecord {
  return {
    idHash: testHash(name),
    user: 'anna',
    grants: undefined,
    createdMs: testNowMs,
    expiresMs: testNowMs + dayMs,
    ...changes,
  };
}

export function testEvent(action: AuditEvent['action'], details: AuditEvent['details'] = {}): AuditEvent {
  return { action, actor: 'anna', address: '192.0.2.7', outcome: 'success', tenant: undefined, details };
}

/** A machine that has a token of its own, is enrolled, and has its certificate. */
export async function enrolled(registry: Registry, machine: string, changes: Partial<Enrolment> = {}): Promise<void> {
  const tokenId = `token${testHash(machine).slice(0, 8)}`;
  await registry.addEnrolmentToken(testToken(tokenId, { kind: changes.kind ?? 'agent' }), testBy);
  const enrolment = testEnrolment(machine, tokenId, changes);
  const decision = await registry.enrol(enrolment, { address: '192.0.2.1' });
  if (decision.kind !== 'granted') throw new Error(decision.hint);
  await certify(registry, machine, enrolment.agentId);
}

export async function certify(registry: Registry, machine: string, agentId = testId(`agent ${machine}`)): Promise<void> {
  const certificate = { fingerprint: testHash(`certificate of ${machine}`), notAfterMs: testNowMs + 90 * dayMs };
  await registry.certified(agentId, certificate, '192.0.2.1');
}

/** The trail, from its beginning or after an event. */
export async function trailOf(registry: Registry, after = 0): Promise<readonly StoredAuditEvent[]> {
  return registry.auditAfter(after, 10_000);
}

export async function actionsOf(registry: Registry, after = 0): Promise<readonly string[]> {
  return (await trailOf(registry, after)).map(({ action }) => action);
}
