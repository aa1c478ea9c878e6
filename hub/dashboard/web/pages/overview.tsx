/** Is everything arriving, and if not, where does it stop? */
import type { JSX } from 'preact';
import { useEffect } from 'preact/hooks';
import type { FlowAnswer, HealthAnswer, HealthState } from '../../api/health-shapes.ts';
import { EnrolHint } from '../components/enrol-hint.tsx';
import { Empty, Loaded, Section, Title } from '../components/section.tsx';
import { StateIcon } from '../components/state.tsx';
import { Since } from '../components/time.tsx';
import { FlowMap } from '../flow/flow-map.tsx';
import { hubNow } from '../data/api.ts';
import { useLive } from '../data/live.ts';
import { seesSite } from '../data/session.ts';
import { changeQuery, usePlace } from '../router.ts';
import { bytes, count, duration, exact, perSecond } from '../units.ts';
import { NodeDialog } from '../health/node-dialog.tsx';
import { kindNames, nodeHref } from '../health/node-links.ts';
import { RecentChanges } from '../health/recent-changes.tsx';
import { SitesTree } from '../health/sites-tree.tsx';
import { Throughput } from '../health/throughput.tsx';
import { WrongNow } from '../health/wrong-now.tsx';
import type { PageParts } from './pages.ts';

const healthPath = '/api/v1/health?state=red%2Cyellow%2Cunknown&limit=200';

export function Page({ session }: PageParts): JSX.Element {
  const health = useLive<HealthAnswer>(healthPath, 3000);
  const flow = useLive<FlowAnswer>('/api/v1/flow', 3000);
  const node = usePlace().query.get('node');
  return (
    <>
      {health.data === undefined && <Title>Overview</Title>}
      <Loaded live={health} what="The site's health">
        {(answer) => <Verdict health={answer} />}
      </Loaded>
      {flow.data !== undefined && <Tiles flow={flow.data} />}
      <div class="columns">
        <Section title="What is wrong now" flush>
          {health.data !== undefined && <WrongNow health={health.data} refresh={health.refresh} />}
        </Section>
        <div class="stack">
          {seesSite(session) && <SitesTree health={health.data} />}
          <RecentChanges />
        </div>
      </div>
      <Section
        title="Flow"
        aside={
          <span class="hint">
            records per second, what waits and how old it is; which way a topic’s records came in is not counted
          </span>
        }
      >
        <Loaded live={flow} what="The flow map">
          {(answer) =>
            answer.agents.known === 0 && answer.channels.length === 0 ? (
              <Empty title="Nothing flows yet.">
                <EnrolHint />
              </Empty>
            ) : (
              <FlowMap flow={answer} hrefOf={nodeHref} />
            )
          }
        </Loaded>
      </Section>
      {flow.data !== undefined && seesSite(session) && <Throughput outputs={flow.data.outputs.map(({ name }) => name)} />}
      {node !== null && <NodeDialog nodeId={node} onClose={() => changeQuery({ node: undefined })} />}
    </>
  );
}

const verdicts: Readonly<Record<HealthState, string>> = {
  green: 'Everything arrives',
  yellow: 'Everything arrives, and something needs attention',
  red: 'Something is failing',
  unknown: 'Not everything is known',
};

function Verdict({ health }: { readonly health: HealthAnswer }): JSX.Element {
  const verdict = verdicts[health.state];
  // Among many tabs, and on a screen at the wall.
  useEffect(() => {
    document.title = `${verdict} · ${health.site === '' ? '' : `${health.site} · `}Tributary`;
  }, [verdict, health.site]);
  return (
    <div class={`verdict ${health.state}`}>
      <StateIcon state={health.state} />
      <div>
        <Title>{verdict}</Title>
        <span class="heard" role="status">
          {verdict}
        </span>
        <p>
          <Worst health={health} />{' '}
          <span class="quiet-text">
            Site {health.site === '' ? 'without a name' : health.site}, <Since ms={health.sinceMs} />
          </span>
        </p>
      </div>
    </div>
  );
}

/** What the site is as bad as: named, as its reason alone says nothing of whom it is about. */
function Worst({ health: { nodes, state, reason } }: { readonly health: HealthAnswer }): JSX.Element | null {
  if (reason === '') return null;
  const worst = nodes.find((node) => node.own === state && node.reason === reason && node.causes.length > 0);
  return (
    <span>
      {worst !== undefined && (
        <>
          {kindNames[worst.kind]} <a href={nodeHref(worst.id)}>{worst.name}</a>:{' '}
        </>
      )}
      {reason}
    </span>
  );
}

function Tiles({ flow }: { readonly flow: FlowAnswer }): JSX.Element {
  const sum = (value: (channel: FlowAnswer['channels'][number]) => number): number =>
    flow.channels.reduce((total, channel) => total + value(channel), 0);
  const received = sum(({ received: rate }) => rate.recordsPerSecond);
  const receivedBytes = sum(({ received: rate }) => rate.bytesPerSecond);
  const waiting = sum(({ front, back }) => front.records + back.records);
  const waitingBytes = sum(({ front, back }) => front.bytes + back.bytes);
  const oldest = flow.channels.flatMap(({ front, back }) => [front.oldestMs, back.oldestMs]).filter((ms) => ms !== undefined);
  const deadLetters = sum((channel) => channel.deadLetters);
  const { known, connected } = flow.agents;
  return (
    <div class="tiles">
      <Tile
        name="Agents connected"
        value={exact(connected)}
        more={known === 0 ? 'none enrolled yet' : `of ${exact(known)}`}
        href="/agents"
      />
      <Tile name="Comes in" value={perSecond(received)} more={`${bytes(receivedBytes)}/s`} />
      <Tile
        name="Waits"
        value={count(waiting)}
        more={
          waiting === 0 || oldest.length === 0
            ? bytes(waitingBytes)
            : `${bytes(waitingBytes)}, oldest ${duration(hubNow() - Math.min(...oldest))}`
        }
      />
      <Tile
        name="Dead letters"
        value={count(deadLetters)}
        more={deadLetters === 0 ? 'nothing was refused' : 'look at them'}
        href="/dead-letters"
      />
    </div>
  );
}

interface TileParts {
  readonly name: string;
  readonly value: string;
  readonly more: string;
  readonly href?: string;
}

function Tile({ name, value, more, href }: TileParts): JSX.Element {
  const content = (
    <>
      <span class="tile-name">{name}</span>
      <span class="tile-value">{value}</span>
      <span class="tile-more">{more}</span>
    </>
  );
  if (href === undefined) return <div class="tile">{content}</div>;
  return (
    <a class="tile" href={href}>
      {content}
    </a>
  );
}
