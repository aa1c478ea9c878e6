/** Who searched what, the pattern with it: a trail that names no pattern answers nobody's question. */
import { nameOf, type Principal } from '../access/access.ts';
import type { AuditEvent } from '../registry/registry.ts';
import type { Wanted } from './wanted.ts';

export interface SearchBy {
  readonly principal: Principal;
  readonly address: string;
}

export function auditOf(wanted: Wanted, { principal, address }: SearchBy, details: Readonly<Record<string, string>>): AuditEvent {
  const { tenants, types, hosts, sinceMs, untilMs, pattern, query, ignoreCase } = wanted;
  return {
    action: 'archive-searched',
    actor: nameOf(principal),
    address,
    outcome: 'success',
    tenant: tenants?.length === 1 ? tenants[0] : undefined,
    details: {
      ...details,
      ...(pattern !== undefined && {
        pattern: pattern.text,
        pattern_kind: pattern.kind === 'literal' ? 'literal' : 'regex',
        ignore_case: pattern.ignoreCase,
      }),
      ...(query !== '' && { pattern: query, pattern_kind: 'query', ignore_case: ignoreCase }),
      ...(sinceMs !== undefined && { since: new Date(sinceMs).toISOString() }),
      ...(untilMs !== undefined && { until: new Date(untilMs).toISOString() }),
      ...(tenants !== undefined && tenants.length !== 1 && { tenants: tenants.join(',') }),
      ...(types !== undefined && { type: types.join(',') }),
      ...(hosts !== undefined && { host: hosts.join(',') }),
    },
  };
}
