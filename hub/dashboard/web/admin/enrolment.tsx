/** A token and the command that makes a server an agent with it; and, while somebody waits, whether it worked. */
import type { JSX } from 'preact';
import { useState } from 'preact/hooks';
import { CopyText } from '../components/copy.tsx';
import { Choice, Field, Form } from '../components/form.tsx';
import { Section } from '../components/section.tsx';
import { StateIcon } from '../components/state.tsx';
import { Ago } from '../components/time.tsx';
import { call } from '../data/api.ts';
import { useLive } from '../data/live.ts';
import { useSession } from '../data/session.ts';
import { some } from '../units.ts';
import { firstTenant, TenantField } from './tenant-field.tsx';
import { type EnrolmentTokenView, labelsOf, lifetimes, type MadeToken, type TokensAnswer } from './token-views.ts';

type Lifetime = (typeof lifetimes)[number][0];

export function Enrolment(): JSX.Element {
  const session = useSession();
  const [tenant, setTenant] = useState(firstTenant(session));
  const [uses, setUses] = useState('1');
  const [ttl, setTtl] = useState<Lifetime>('24h');
  const [labels, setLabels] = useState('');
  const [made, setMade] = useState<MadeToken<EnrolmentTokenView>>();
  const submit = async (): Promise<void> => {
    const body = { kind: 'agent', tenant: tenant.trim(), uses: Number(uses), ttl, labels: labelsOf(labels) };
    setMade(await call<MadeToken<EnrolmentTokenView>>('POST', '/api/v1/tokens', { body }));
  };
  return (
    <>
      <Section title="Make a server an agent">
        <Form action={made === undefined ? 'Make the command' : 'Make another one'} onSubmit={submit}>
          <div class="form-grid">
            <TenantField
              label="Tenant"
              value={tenant}
              onInput={setTenant}
              hint="Owner of all that these servers send, for good."
            />
            <Field label="So many servers" type="number" value={uses} onInput={setUses} required />
            <Choice label="Good for" value={ttl} choices={lifetimes} onChange={setTtl} />
            <Field
              label="Labels"
              value={labels}
              onInput={setLabels}
              placeholder="rack=7, zone=b"
              hint="Put on every record of theirs."
            />
          </div>
        </Form>
      </Section>
      {made !== undefined && <Steps key={made.id} made={made} />}
    </>
  );
}

function Steps({ made }: { readonly made: MadeToken<EnrolmentTokenView> }): JSX.Element {
  return (
    <Section title="What to do on the server">
      <ol class="how-to">
        <li>Install Tributary’s agent there, unless it is.</li>
        <li>
          As root, run this once. It writes keys and, where there is none, a configuration with first inputs:
          <CopyText text={`tributary-agent enroll ${made.token}`} label="The command that enrols" />
        </li>
        <li>
          Start the agent with it:
          <CopyText
            text="systemctl enable --now tributary-agent && systemctl restart tributary-agent"
            label="The command that starts"
          />
        </li>
      </ol>
      <Arrived token={made} />
      <p class="hint">
        The token is shown now and never again. It names this site and its certificate, so nothing else has to be configured; the
        server needs to reach the hub’s port for agents. It ends <Ago ms={Date.parse(made.expires ?? made.created)} />, and can be
        revoked under <a href="/admin/tokens">tokens</a>.
      </p>
    </Section>
  );
}

function Arrived({ token }: { readonly token: EnrolmentTokenView }): JSX.Element {
  const { data } = useLive<TokensAnswer>('/api/v1/tokens', 2000);
  const now = data?.tokens.find(({ id }) => id === token.id);
  const uses = now === undefined || now.kind === 'api' ? 0 : now.uses;
  return (
    <p class="made" role="status">
      {uses === 0 ? (
        <span>Waiting for {some(token.usesMax, 'server')}…</span>
      ) : (
        <span>
          <StateIcon state="green" label={false} /> {uses} of {some(token.usesMax, 'server')} enrolled.{' '}
          <a href="/agents">See the agents</a>
        </span>
      )}
    </p>
  );
}
