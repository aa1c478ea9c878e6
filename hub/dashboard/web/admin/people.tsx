/** Who signs in here, and what each may do. */
import type { JSX } from 'preact';
import { useState } from 'preact/hooks';
import { Confirm } from '../components/confirm.tsx';
import { CopyText } from '../components/copy.tsx';
import { Dialog } from '../components/dialog.tsx';
import { PlainTable } from '../components/plain-table.tsx';
import { Loaded, Section } from '../components/section.tsx';
import { Ago } from '../components/time.tsx';
import { call } from '../data/api.ts';
import { useLive } from '../data/live.ts';
import { useSession } from '../data/session.ts';
import { PersonDialog } from './person-dialog.tsx';
import type { Person } from './person.ts';

interface PeopleAnswer {
  readonly users: readonly Person[];
}

type Asking =
  | { readonly what: 'new' }
  | { readonly what: 'change' | 'remove' | 'password'; readonly person: Person }
  | { readonly what: 'told'; readonly name: string; readonly password: string };

export function People(): JSX.Element {
  const live = useLive<PeopleAnswer>('/api/v1/users', 10_000);
  const [asking, setAsking] = useState<Asking>();
  const close = (): void => {
    setAsking(undefined);
    live.refresh();
  };
  const told = (name: string, password: string | undefined): void => {
    live.refresh();
    setAsking(password === undefined ? undefined : { what: 'told', name, password });
  };
  return (
    <Section
      title="People"
      flush
      aside={
        <button type="button" class="primary" onClick={() => setAsking({ what: 'new' })}>
          Add somebody
        </button>
      }
    >
      <Loaded live={live} what="The people">
        {({ users }) => <PeopleTable people={users} onAsk={setAsking} />}
      </Loaded>
      {asking !== undefined && <Asked asking={asking} told={told} onClose={close} />}
    </Section>
  );
}

function PeopleTable({
  people,
  onAsk,
}: {
  readonly people: readonly Person[];
  readonly onAsk: (asking: Asking) => void;
}): JSX.Element {
  const { name: own } = useSession();
  return (
    <PlainTable label="People" heads={['Name', 'May', 'Signs in by', 'Added']} last="actions">
      {people.map((person) => (
        <tr key={person.name}>
          <th scope="row">
            {person.name}
            {person.name === own && <span class="hint"> you</span>}
            {person.disabled && <span class="label">shut out</span>}
          </th>
          <td>
            {person.grants.length === 0
              ? 'nothing'
              : person.grants.map(({ tenant, role }) => `${role} of ${tenant === '*' ? 'everything' : tenant}`).join(', ')}
          </td>
          <td>
            {person.by === 'oidc' ? 'your organisation' : 'password'}
            {person.mustChange && <div class="hint">has not chosen one yet</div>}
          </td>
          <td>
            <Ago ms={Date.parse(person.created)} />
          </td>
          <td>
            <div class="row-actions">
              <button type="button" aria-label={`Change ${person.name}`} onClick={() => onAsk({ what: 'change', person })}>
                Change…
              </button>
              <button
                type="button"
                aria-label={`New password for ${person.name}`}
                onClick={() => onAsk({ what: 'password', person })}
              >
                New password…
              </button>
              <button type="button" aria-label={`Remove ${person.name}`} onClick={() => onAsk({ what: 'remove', person })}>
                Remove…
              </button>
            </div>
          </td>
        </tr>
      ))}
    </PlainTable>
  );
}

interface AskedParts {
  readonly asking: Asking;
  readonly told: (name: string, password: string | undefined) => void;
  readonly onClose: () => void;
}

function Asked({ asking, told, onClose }: AskedParts): JSX.Element {
  if (asking.what === 'new') return <PersonDialog told={told} onClose={onClose} />;
  if (asking.what === 'told') {
    return (
      <Dialog title={`A password for ${asking.name}`} onClose={onClose}>
        <p>It is shown now and never again, and good for one sign-in, which asks for another one.</p>
        <CopyText text={asking.password} label="The password" />
      </Dialog>
    );
  }
  const { person } = asking;
  if (asking.what === 'change') return <PersonDialog person={person} told={told} onClose={onClose} />;
  if (asking.what === 'password') {
    return (
      <Confirm
        title={`A new password for ${person.name}?`}
        action="Make one"
        onConfirm={async () => {
          const body = { name: person.name, oneTimePassword: true };
          const { oneTimePassword } = await call<{ readonly oneTimePassword: string }>('POST', '/api/v1/users', { body });
          // Behind this question's own closing.
          queueMicrotask(() => told(person.name, oneTimePassword));
        }}
        onClose={onClose}
      >
        <p>The one until now is good no more, and who is signed in by it is signed out.</p>
      </Confirm>
    );
  }
  return (
    <Confirm
      title={`Remove ${person.name}?`}
      action={`Remove ${person.name}`}
      danger
      onConfirm={() => call('DELETE', `/api/v1/users/${encodeURIComponent(person.name)}`)}
      onClose={onClose}
    >
      <p>The account is gone for good. What it did stays in the audit trail.</p>
    </Confirm>
  );
}
