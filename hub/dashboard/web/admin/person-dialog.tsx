/** Somebody new, or other roles for somebody. */
import type { JSX } from 'preact';
import { useState } from 'preact/hooks';
import { Dialog } from '../components/dialog.tsx';
import { Choice, Field, Form } from '../components/form.tsx';
import { call } from '../data/api.ts';
import type { Grant, Person } from './person.ts';

interface DialogParts {
  /** Absent: somebody new. */
  readonly person?: Person;
  /** It was done; with the password that was made, if one was. */
  readonly told: (name: string, password: string | undefined) => void;
  readonly onClose: () => void;
}

const roles = [
  ['viewer', 'may look'],
  ['operator', 'may operate'],
  ['admin', 'may do everything'],
] as const;
const ways = [
  ['password', 'A password'],
  ['oidc', 'Your organisation'],
] as const;

export function PersonDialog({ person, told, onClose }: DialogParts): JSX.Element {
  const [name, setName] = useState(person?.name ?? '');
  const [way, setWay] = useState<'password' | 'oidc'>(person?.by ?? 'password');
  const [grants, setGrants] = useState<readonly Grant[]>(person?.grants ?? [{ tenant: '*', role: 'viewer' }]);
  const [isDisabled, setDisabled] = useState(person?.disabled ?? false);
  const submit = async (): Promise<void> => {
    const needsPassword = person === undefined && way === 'password';
    const body = { name, grants, disabled: isDisabled, ...(needsPassword ? { oneTimePassword: true } : {}) };
    const made = await call<{ readonly name: string; readonly oneTimePassword?: string }>('POST', '/api/v1/users', { body });
    told(made.name, made.oneTimePassword);
  };
  return (
    <Dialog title={person === undefined ? 'Add somebody' : `Change ${person.name}`} onClose={onClose}>
      <Form action={person === undefined ? 'Add' : 'Change'} onSubmit={submit}>
        {person === undefined && (
          <>
            <Field label="Name" value={name} onInput={setName} required autofocus />
            <Choice label="Signs in by" value={way} choices={ways} onChange={setWay} />
          </>
        )}
        <GrantList grants={grants} onChange={setGrants} />
        {person !== undefined && (
          <label class="check">
            <input type="checkbox" checked={isDisabled} onChange={(event) => setDisabled(event.currentTarget.checked)} /> Shut
            out: may not sign in
          </label>
        )}
      </Form>
    </Dialog>
  );
}

interface GrantParts {
  readonly grants: readonly Grant[];
  readonly onChange: (grants: readonly Grant[]) => void;
}

function GrantList({ grants, onChange }: GrantParts): JSX.Element {
  const change = (at: number, grant: Grant): void => onChange(grants.map((known, index) => (index === at ? grant : known)));
  return (
    <fieldset class="grants" style={{ border: 0, padding: 0, margin: '0 0 12px' }}>
      <legend class="hint">Roles; a star is every tenant and the site itself</legend>
      {grants.map((grant, index) => (
        <div key={index}>
          <Choice
            label={`Role ${index + 1}`}
            compact
            value={grant.role}
            choices={roles}
            onChange={(role) => change(index, { ...grant, role })}
          />
          <Field
            label={`Tenant ${index + 1}`}
            compact
            value={grant.tenant}
            placeholder="tenant or *"
            required
            onInput={(tenant) => change(index, { ...grant, tenant: tenant.trim() })}
          />
          <button
            type="button"
            class="quiet"
            aria-label={`Without role ${index + 1}`}
            onClick={() => onChange(grants.filter((_, at) => at !== index))}
          >
            Without
          </button>
        </div>
      ))}
      <div>
        <button type="button" onClick={() => onChange([...grants, { tenant: '', role: 'viewer' }])}>
          One more role
        </button>
      </div>
    </fieldset>
  );
}
