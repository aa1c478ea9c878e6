/** Tokens of agents, hubs and programs: made, looked at, revoked. */
import type { JSX } from 'preact';
import { useState } from 'preact/hooks';
import { Confirm } from '../components/confirm.tsx';
import { CopyText } from '../components/copy.tsx';
import { Choice, Field, Form } from '../components/form.tsx';
import { PlainTable } from '../components/plain-table.tsx';
import { Empty, Loaded, Section } from '../components/section.tsx';
import { Ago } from '../components/time.tsx';
import { call, hubNow } from '../data/api.ts';
import { useLive } from '../data/live.ts';
import { useSession } from '../data/session.ts';
import { firstTenant, TenantField } from './tenant-field.tsx';
import { type ApiTokenView, lifetimes, type MadeToken, type TokensAnswer, tokenState, type TokenView } from './token-views.ts';

const scopes = [
  ['read', 'Look: search, health, metrics'],
  ['write', 'Push records, and see nothing'],
  ['admin', 'Everything'],
] as const;
type Scope = (typeof scopes)[number][0];
type Lifetime = (typeof lifetimes)[number][0] | '';
const kinds = { agent: 'enrols agents', hub: 'enrols hubs of a lower site', api: 'a program' } as const;

export function Tokens(): JSX.Element {
  const live = useLive<TokensAnswer>('/api/v1/tokens', 5000);
  const [revoking, setRevoking] = useState<TokenView>();
  return (
    <>
      <MakeToken refresh={live.refresh} />
      <Section title="Tokens" flush>
        <Loaded live={live} what="The tokens">
          {({ tokens }) =>
            tokens.length === 0 ? (
              <Empty title="There is no token.">
                Servers come in by one of <a href="/admin/enrolment">enrolment</a>, programs by one from above.
              </Empty>
            ) : (
              <TokenTable tokens={tokens} onRevoke={setRevoking} />
            )
          }
        </Loaded>
      </Section>
      {revoking !== undefined && (
        <Confirm
          title={`Revoke the token ${revoking.id}?`}
          action="Revoke it"
          danger
          onConfirm={async () => {
            await call('DELETE', `/api/v1/tokens/${encodeURIComponent(revoking.id)}`);
            live.refresh();
          }}
          onClose={() => setRevoking(undefined)}
        >
          <p>
            {revoking.kind === 'api'
              ? 'Whoever uses it is turned away within a second.'
              : 'Nobody enrols by it any more. Who came in by it stays in: an agent is revoked on its own page.'}
          </p>
        </Confirm>
      )}
    </>
  );
}

function MakeToken({ refresh }: { readonly refresh: () => void }): JSX.Element {
  const session = useSession();
  const [tenant, setTenant] = useState(firstTenant(session));
  const [scope, setScope] = useState<Scope>('read');
  const [note, setNote] = useState('');
  const [ttl, setTtl] = useState<Lifetime>('365d');
  const [made, setMade] = useState<MadeToken<ApiTokenView>>();
  const submit = async (): Promise<void> => {
    const body = { kind: 'api', tenant: tenant.trim(), scope, note, ...(ttl === '' ? {} : { ttl }) };
    setMade(await call<MadeToken<ApiTokenView>>('POST', '/api/v1/tokens', { body }));
    refresh();
  };
  return (
    <Section title="Make one for a program">
      <Form action="Make the token" onSubmit={submit}>
        <div class="form-grid">
          <TenantField label="Tenant" value={tenant} onInput={setTenant} hint="A star is all of them." />
          <Choice label="It may" value={scope} choices={scopes} onChange={setScope} />
          <Choice label="Good for" value={ttl} choices={[...lifetimes, ['', 'ever']]} onChange={setTtl} />
          <Field label="Note" value={note} onInput={setNote} placeholder="What it is for" />
        </div>
      </Form>
      {made !== undefined && (
        <div class="made" role="status">
          <strong>The token {made.id} is shown now and never again:</strong>
          <CopyText text={made.token} label="The token" />
          <span class="hint">
            Programs send it as <code>Authorization: Bearer …</code>
          </span>
        </div>
      )}
    </Section>
  );
}

interface TableParts {
  readonly tokens: readonly TokenView[];
  readonly onRevoke: (token: TokenView) => void;
}

function TokenTable({ tokens, onRevoke }: TableParts): JSX.Element {
  const rows = tokens.toSorted((one, other) => (one.created < other.created ? 1 : -1));
  return (
    <PlainTable label="Tokens" heads={['Token', 'Is for', 'Tenant', 'State', 'Made']} last="actions">
      {rows.map((token) => (
        <TokenRow key={token.id} token={token} onRevoke={() => onRevoke(token)} />
      ))}
    </PlainTable>
  );
}

function TokenRow({ token, onRevoke }: { readonly token: TokenView; readonly onRevoke: () => void }): JSX.Element {
  const state = tokenState(token, hubNow());
  return (
    <tr>
      <th scope="row">
        <code>{token.id}</code>
      </th>
      <td>
        {kinds[token.kind]}
        {token.kind === 'api' ? ` that may ${token.scope}` : ` (${token.uses} of ${token.usesMax})`}
        {token.kind === 'api' && token.note !== '' && <div class="hint">{token.note}</div>}
      </td>
      <td>{token.kind === 'api' ? token.tenant : [token.tenants].flat().join(', ')}</td>
      <td>
        {state}
        {state === 'good' && token.expires !== null && (
          <div class="hint">
            ends <Ago ms={Date.parse(token.expires)} />
          </div>
        )}
        {token.kind === 'api' && token.lastUsed !== null && (
          <div class="hint">
            used <Ago ms={Date.parse(token.lastUsed)} />
          </div>
        )}
      </td>
      <td>
        <Ago ms={Date.parse(token.created)} />
        <div class="hint">by {token.createdBy}</div>
      </td>
      <td>
        <div class="row-actions">
          {state === 'good' && (
            <button type="button" onClick={onRevoke} aria-label={`Revoke ${token.id}`}>
              Revoke…
            </button>
          )}
        </div>
      </td>
    </tr>
  );
}
