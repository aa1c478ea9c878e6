/** One agent: how it and its machine are, what it reads, what became of it. */
import type { JSX } from 'preact';
import { useEffect } from 'preact/hooks';
import type { AgentAnswer } from '../../api/agent-shapes.ts';
import { AgentCharts } from '../agents/agent-charts.tsx';
import { Books, Events, Files, Inputs, machineFacts, Streams } from '../agents/agent-parts.tsx';
import { Labels } from '../agents/labels.tsx';
import { RevokeAgent } from '../agents/revoke-agent.tsx';
import { CopyText } from '../components/copy.tsx';
import { type Fact, Empty, Facts, Loaded, Section, Title } from '../components/section.tsx';
import { StateBadge, StateIcon } from '../components/state.tsx';
import { Ago, At, Since } from '../components/time.tsx';
import { withQuery } from '../data/api.ts';
import { nodeHref } from '../health/node-links.ts';
import { useLive } from '../data/live.ts';
import { mayDo, type Session } from '../data/session.ts';
import { perSecond } from '../units.ts';
import type { PageParts } from './pages.ts';

export function Page({ params, session }: PageParts): JSX.Element {
  const { id = '' } = params;
  const live = useLive<AgentAnswer>(`/api/v1/agents/${encodeURIComponent(id)}`, 5000);
  const name = live.data === undefined ? id : nameOf(live.data);
  useEffect(() => {
    document.title = `${name} · Agents · Tributary`;
  }, [name]);
  if (live.data === undefined && live.error?.status === 404) return <NoSuchAgent id={id} />;
  return (
    <Loaded live={live} what="The agent">
      {(agent) => (
        <>
          <Head agent={agent} mayRevoke={mayRevoke(session, agent)} refresh={live.refresh} />
          {agent.kind === 'hub' ? <LowerHub agent={agent} /> : <AllOfIt agent={agent} />}
        </>
      )}
    </Loaded>
  );
}

/** A hub of a lower site reads no files: it comes in as agents do, and how its site is stands elsewhere. */
function LowerHub({ agent }: { readonly agent: AgentAnswer }): JSX.Element {
  return (
    <Section title="About it">
      <Facts facts={aboutFacts(agent)} />
      {agent.site !== undefined && (
        <p class="below-facts">
          It is a hub of a lower site: <a href={nodeHref(`site/${agent.site}`)}>how that site is</a>.
        </p>
      )}
    </Section>
  );
}

function AllOfIt({ agent }: { readonly agent: AgentAnswer }): JSX.Element {
  return (
    <>
      <div class="halves">
        <Section title="About it">
          <Facts facts={aboutFacts(agent)} />
        </Section>
        <Section title="Its machine">
          {agent.machine === undefined && agent.process === undefined ? (
            <Empty title="It told nothing of its machine yet." />
          ) : (
            <Facts facts={machineFacts(agent)} />
          )}
        </Section>
      </div>
      <AgentCharts agentId={agent.agentId} />
      <div class="halves">
        <Inputs agent={agent} />
        {agent.books !== undefined && <Books books={agent.books} />}
      </div>
      <Files agent={agent} />
      <div class="halves">
        <Streams agent={agent} />
        <Events agentId={agent.agentId} />
      </div>
    </>
  );
}

interface HeadParts {
  readonly agent: AgentAnswer;
  readonly mayRevoke: boolean;
  readonly refresh: () => void;
}

function Head({ agent, mayRevoke: isOffered, refresh }: HeadParts): JSX.Element {
  const isHub = agent.kind === 'hub';
  return (
    <>
      <nav class="trail" aria-label="Where this is">
        {isHub ? <a href="/admin/registrations?kind=hub">Registrations</a> : <a href="/agents">Agents</a>}{' '}
        <span aria-hidden="true">/</span>
      </nav>
      <Title
        aside={
          <>
            {!isHub && <StateBadge state={agent.state} />}
            {agent.sinceMs > 0 && (
              <span class="hint">
                <Since ms={agent.sinceMs} />
              </span>
            )}
            {!isHub && agent.host !== '' && <a href={withQuery('/search', { host: agent.host })}>Search its lines</a>}
            {isOffered && <RevokeAgent agent={agent} name={nameOf(agent)} onDone={refresh} />}
          </>
        }
      >
        {nameOf(agent)}
      </Title>
      {agent.causes.length > 0 && (
        <ul class="wrong card flush">
          {agent.causes.map(({ kind, level, reason, sinceMs }) => (
            <li key={kind} class={level}>
              <StateIcon state={level} />
              <div>
                <div class="what">
                  <span class="kind">{kind}</span>
                  <span class="since">
                    <Since ms={sinceMs} />
                  </span>
                </div>
                <p>{reason}</p>
              </div>
            </li>
          ))}
        </ul>
      )}
    </>
  );
}

/** Of what belongs to several tenants only who may do it to each of them. */
function mayRevoke(session: Session, { tenants, revoked }: AgentAnswer): boolean {
  if (revoked) return false;
  return tenants === 'all' ? mayDo(session, 'operate', '*') : tenants.every((tenant) => mayDo(session, 'operate', tenant));
}

function aboutFacts(agent: AgentAnswer): Fact[] {
  return [
    ['Connected', <Connection key="connected" agent={agent} />],
    ['Last seen', agent.lastSeenMs === undefined ? 'never' : <Ago ms={agent.lastSeenMs} />],
    ['Version', agent.version],
    ['Tenants', agent.tenants === 'all' ? 'all' : agent.tenants.join(', ')],
    ['Labels', Object.keys(agent.labels).length === 0 ? undefined : <Labels labels={agent.labels} />],
    ['Sends', perSecond(agent.recordsPerSecond)],
    ['Address', agent.address],
    ['Enrolled', agent.enrolledMs === undefined ? undefined : <At ms={agent.enrolledMs} />],
    ['Certificate ends', agent.certificateEndsMs === undefined ? undefined : <At ms={agent.certificateEndsMs} />],
    ['Id', <CopyText key="id" text={agent.agentId} label="Its id" />],
  ];
}

const hubIdShown = 8;

function Connection({ agent: { connected, revoked, hub } }: { readonly agent: AgentAnswer }): JSX.Element {
  if (revoked) return <>revoked</>;
  if (!connected) return <>no</>;
  return hub === undefined ? <>yes</> : <span title={`Hub ${hub}`}>yes, to {hub.slice(0, hubIdShown)}</span>;
}

function nameOf({ host, agentId }: AgentAnswer): string {
  return host === '' ? agentId : host;
}

function NoSuchAgent({ id }: { readonly id: string }): JSX.Element {
  return (
    <>
      <Title>No such agent</Title>
      <Empty title={`No agent has the id ${id}.`}>
        It may have been removed, or belong to a tenant that is not yours. <a href="/agents">Show all agents</a>.
      </Empty>
    </>
  );
}
