import type { JSX } from 'preact';
import { Choice, Field } from '../components/form.tsx';
import { type Session, useSession } from '../data/session.ts';

interface TenantParts {
  readonly label: string;
  readonly value: string;
  readonly onInput: (tenant: string) => void;
  readonly hint?: string;
}

/** One of those that the reader administers; any name for who administers all of them. */
export function TenantField({ label, value, onInput, hint }: TenantParts): JSX.Element {
  const own = administered(useSession());
  if (own === undefined)
    return <Field label={label} value={value} onInput={onInput} required {...(hint === undefined ? {} : { hint })} />;
  return <Choice label={label} value={value} choices={own.map((tenant) => [tenant, tenant] as const)} onChange={onInput} />;
}

/** Undefined: all of them. */
export function administered({ grants }: Session): readonly string[] | undefined {
  const own = grants.filter(({ role }) => role === 'admin').map(({ tenant }) => tenant);
  return own.includes('*') ? undefined : [...new Set(own)].toSorted();
}

export function firstTenant(session: Session): string {
  const own = administered(session);
  return own === undefined ? 'default' : (own[0] ?? 'default');
}
