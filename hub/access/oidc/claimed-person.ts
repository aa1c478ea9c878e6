/** Who the provider says somebody is, and what that person may do here. */
import { printable } from '@tributary/shared/printable.ts';
import type { UserRecord } from '../../registry/registry.ts';
import type { Grant, Role } from '../access.ts';
import { canonicalUserName, isUserName } from '../user-name.ts';

export interface ClaimRules {
  readonly user_claim: string;
  readonly groups_claim: string;
  readonly roles: readonly { readonly group: string; readonly tenant: string; readonly role: Role }[];
}

export type Claims = Readonly<Record<string, unknown>>;

export type ClaimedPerson =
  /** `grants` undefined: the person has an account here without a password, whose grants count. */
  | { readonly kind: 'admitted'; readonly name: string; readonly grants: readonly Grant[] | undefined }
  | { readonly kind: 'refused'; readonly reason: 'name' | 'no-role' | 'local-account' | 'disabled'; readonly name: string };

const groupsMax = 5000;
const shownMax = 100;

export function claimedPerson(
  claims: Claims,
  rules: ClaimRules,
  userOf: (name: string) => UserRecord | undefined,
): ClaimedPerson {
  const claimed = claims[rules.user_claim] ?? claims['sub'];
  const name = typeof claimed === 'string' ? canonicalUserName(claimed) : '';
  if (!isUserName(name)) return { kind: 'refused', reason: 'name', name: printable(name.slice(0, shownMax)) };
  const user = userOf(name);
  if (user?.disabled === true) return { kind: 'refused', reason: 'disabled', name };
  // Else whoever may choose a name at the provider would be that account here.
  if (user !== undefined && user.passwordHash !== undefined) return { kind: 'refused', reason: 'local-account', name };
  if (user !== undefined) return { kind: 'admitted', name, grants: undefined };
  const groups = new Set(groupsOf(claims[rules.groups_claim]));
  const grants = grantsOf(rules.roles.filter(({ group }) => groups.has(group)));
  return grants.length === 0 ? { kind: 'refused', reason: 'no-role', name } : { kind: 'admitted', name, grants };
}

/** Each once. */
export function grantsOf(roles: ClaimRules['roles']): Grant[] {
  const grants = new Map(roles.map(({ tenant, role }) => [`${tenant} ${role}`, { tenant, role }]));
  return [...grants.values()];
}

/** Some providers send one group as a text of its own. */
function groupsOf(claim: unknown): string[] {
  if (typeof claim === 'string') return [claim];
  if (!Array.isArray(claim)) return [];
  return claim.slice(0, groupsMax).filter((group) => typeof group === 'string');
}
