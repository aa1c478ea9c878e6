/**
 * Who asks and what they may do: one model for people (sessions), programs (tokens of the HTTP API) and the command line.
 *
 * A role or a scope holds for one tenant or for all. `viewer` and `read` may look; `operator` may also change how data flows and cut
 * an agent off; `admin` may also make tokens and users. `write` is apart from these: it may push records and see nothing.
 */
import { unreachable } from '@tributary/shared/assert.ts';

export type Role = 'viewer' | 'operator' | 'admin';
export type Scope = 'read' | 'write' | 'admin';

/** `*`: every tenant, and what belongs to the site itself. */
export type TenantName = string;
export const everyTenant: TenantName = '*';

export interface Grant {
  readonly tenant: TenantName;
  readonly role: Role;
}

export type Principal =
  | { readonly kind: 'user'; readonly name: string; readonly grants: readonly Grant[] }
  | { readonly kind: 'token'; readonly tokenId: string; readonly tenant: TenantName; readonly scope: Scope }
  /** A plain listener: pushes for its one tenant. */
  | { readonly kind: 'listener'; readonly name: string; readonly tenant: string }
  /** Whoever may run commands on the hub's machine as the hub's user or root. */
  | { readonly kind: 'console'; readonly name: string };

export type Action = 'view' | 'operate' | 'administer' | 'push';

const roleActions: Readonly<Record<Role, readonly Action[]>> = {
  viewer: ['view'],
  operator: ['view', 'operate'],
  admin: ['view', 'operate', 'administer', 'push'],
};

const scopeActions: Readonly<Record<Scope, readonly Action[]>> = {
  read: ['view'],
  write: ['push'],
  admin: ['view', 'operate', 'administer', 'push'],
};

/** Whether `principal` may do this to what belongs to `tenant`; `*` is what belongs to the site. */
export function may(principal: Principal, action: Action, tenant: TenantName): boolean {
  const covers = (granted: TenantName): boolean => granted === everyTenant || granted === tenant;
  switch (principal.kind) {
    case 'user':
      return principal.grants.some((grant) => covers(grant.tenant) && roleActions[grant.role].includes(action));
    case 'token':
      return covers(principal.tenant) && scopeActions[principal.scope].includes(action);
    case 'listener':
      return action === 'push' && principal.tenant === tenant;
    case 'console':
      return true;
    default:
      return unreachable(principal);
  }
}

/** The tenants that `principal` may do this to; undefined: every one. */
export function tenantsFor(principal: Principal, action: Action): readonly TenantName[] | undefined {
  if (may(principal, action, everyTenant)) return undefined;
  const named =
    principal.kind === 'user' ? principal.grants.map(({ tenant }) => tenant) : 'tenant' in principal ? [principal.tenant] : [];
  return [...new Set(named)].filter((tenant) => may(principal, action, tenant));
}

/** How an audit event names who did something. */
export function nameOf(principal: Principal): string {
  switch (principal.kind) {
    case 'user':
      return principal.name;
    case 'token':
      return `token:${principal.tokenId}`;
    case 'listener':
      return `listener:${principal.name}`;
    case 'console':
      return `console:${principal.name}`;
    default:
      return unreachable(principal);
  }
}
