/** How records of the registry are told in JSON, by the HTTP API and by `--json` alike: times in RFC 3339, `*` for all tenants, no hash. */
import { everyTenant } from '../access/access.ts';
import type { Agent, ApiTokenRecord, EnrolmentTokenRecord, UserRecord } from './registry.ts';

type View = Readonly<Record<string, unknown>>;

export function agentView(agent: Agent): View {
  const { agentId, kind, siteId, tenants, labels, host, state, startCounter, tokenId, refusedCopy } = agent;
  return {
    id: agentId,
    kind,
    ...(siteId !== undefined && { site: siteId }),
    tenants: tenantsView(tenants),
    labels,
    host,
    state,
    startCounter,
    tokenId,
    enrolled: instant(agent.enrolledMs),
    certificateExpires: agent.notAfterMs === 0 ? null : instant(agent.notAfterMs),
    lastSeen: instant(agent.lastSeenMs),
    refusedCopy: refusedCopy === undefined ? null : { seen: instant(refusedCopy.seenMs), address: refusedCopy.address },
  };
}

export function enrolmentTokenView(record: EnrolmentTokenRecord): View {
  const { tokenId, kind, siteId, tenants, labels, usesMax, uses, createdBy } = record;
  return {
    id: tokenId,
    kind,
    ...(siteId !== undefined && { site: siteId }),
    tenants: tenantsView(tenants),
    labels,
    usesMax,
    uses,
    createdBy,
    created: instant(record.createdMs),
    expires: instant(record.expiresMs),
    revoked: instant(record.revokedMs),
  };
}

export function apiTokenView(record: ApiTokenRecord): View {
  const { tokenId, tenant, scope, note, createdBy } = record;
  return {
    id: tokenId,
    kind: 'api',
    tenant,
    scope,
    note,
    createdBy,
    created: instant(record.createdMs),
    expires: instant(record.expiresMs),
    revoked: instant(record.revokedMs),
    lastUsed: instant(record.lastUsedMs),
  };
}

export function userView({ name, grants, passwordHash, mustChange, disabled, createdMs }: UserRecord): View {
  const by = passwordHash === undefined ? 'oidc' : 'password';
  return { name, grants, by, mustChange, disabled, created: instant(createdMs) };
}

function tenantsView(tenants: readonly string[] | 'all'): string | readonly string[] {
  return tenants === 'all' ? everyTenant : tenants;
}

function instant(ms: number | undefined): string | null {
  return ms === undefined ? null : new Date(ms).toISOString();
}
