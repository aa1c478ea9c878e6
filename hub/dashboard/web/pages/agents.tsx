/** All agents: how they are, what they run, and what is behind. The address holds filter and order. */
import type { JSX } from 'preact';
import { useMemo, useRef } from 'preact/hooks';
import type { AgentRow, AgentsAnswer } from '../../api/agent-shapes.ts';
import { Labels } from '../agents/labels.tsx';
import { useAgents } from '../agents/use-agents.ts';
import { EnrolHint } from '../components/enrol-hint.tsx';
import { Choice, Typed } from '../components/form.tsx';
import { Gauge } from '../components/gauge.tsx';
import { Empty, Problem, Title } from '../components/section.tsx';
import { StateBar, StateIcon, statesWorstFirst, stateWords } from '../components/state.tsx';
import { type Column, Table } from '../components/table.tsx';
import { Ago } from '../components/time.tsx';
import { changeQuery, usePlace } from '../router.ts';
import { useShortcuts } from '../shortcuts.ts';
import { bytes, perSecond, some } from '../units.ts';

export function Page(): JSX.Element {
  const { query } = usePlace();
  const value = (name: string): string => query.get(name) ?? '';
  const sorting = { by: query.get('sort') ?? 'state', descending: query.get('descending') === 'true' };
  const list = useAgents({
    state: value('state'),
    text: value('text'),
    label: value('label'),
    version: value('version'),
    sort: sorting.by,
    descending: sorting.descending,
  });
  const { answer } = list;
  // Not drawn again while only the filter is another: its answer does that.
  const table = useMemo(
    () => (
      <Table
        caption="Agents"
        columns={columns}
        rows={list.agents}
        rowKey={({ agentId }) => agentId}
        sorting={sorting}
        onSort={({ by, descending }) => changeQuery({ sort: by, descending: descending ? 'true' : undefined })}
        {...(answer === undefined ? {} : { total: answer.total })}
        onNearEnd={list.more}
        fill
      />
    ),
    [list.agents, sorting.by, sorting.descending, answer?.total],
  );
  const isFiltered = ['state', 'text', 'label', 'version'].some((name) => value(name) !== '');
  return (
    <>
      <Title aside={answer !== undefined && <span class="hint">{countText(answer, isFiltered)}</span>}>Agents</Title>
      {answer !== undefined && <StateBar counts={answer.counts} label="Agents by state" />}
      <Filters value={value} answer={answer} />
      {list.error !== undefined && (list.error.code !== 'unreachable' || answer === undefined) && (
        <Problem error={list.error} what={answer === undefined ? 'The agents cannot be shown.' : 'This list is old.'} />
      )}
      {answer === undefined && list.error === undefined && <div class="loading" role="status" aria-label="Loading" />}
      {answer !== undefined && answer.total === 0 && <NoAgents isFiltered={isFiltered} />}
      {answer !== undefined && answer.total > 0 && <div class="card flush list">{table}</div>}
    </>
  );
}

function countText({ total, counts }: AgentsAnswer, isFiltered: boolean): string {
  const told = statesWorstFirst
    .filter((state) => counts[state] > 0)
    .map((state) => `${counts[state]} ${stateWords[state].toLowerCase()}`);
  return isFiltered ? `${some(total, 'agent')} that fit` : [some(total, 'agent'), ...told].join(' · ');
}

interface FilterParts {
  readonly value: (name: string) => string;
  readonly answer: AgentsAnswer | undefined;
}

function Filters({ value, answer }: FilterParts): JSX.Element {
  const place = useRef<HTMLDivElement>(null);
  useShortcuts([{ keys: '/', what: 'Find an agent', run: () => place.current?.querySelector('input')?.focus() }]);
  const versions = (answer?.versions ?? []).map(({ version, agents }) => [version, `${version} (${agents})`] as const);
  const chosen = value('version');
  const known =
    versions.some(([version]) => version === chosen) || chosen === '' ? versions : [...versions, [chosen, chosen] as const];
  return (
    <div class="filters" ref={place} role="search">
      <Typed name="text" label="Host, id or address" initial={value('text')} />
      <Typed name="label" label="Label, as key:value" initial={value('label')} />
      <Choice
        label="State"
        compact
        value={value('state')}
        choices={[['', 'Every state'], ...statesWorstFirst.map((state) => [state, stateWords[state]] as const)]}
        onChange={(state) => changeQuery({ state })}
      />
      <Choice
        label="Version"
        compact
        value={chosen}
        choices={[['', 'Every version'], ...known]}
        onChange={(version) => changeQuery({ version })}
      />
    </div>
  );
}

function NoAgents({ isFiltered }: { readonly isFiltered: boolean }): JSX.Element {
  if (isFiltered) {
    return (
      <Empty title="No agent fits.">
        <a href="/agents">Show all of them</a>.
      </Empty>
    );
  }
  return (
    <Empty title="Nothing to show yet.">
      <EnrolHint />
    </Empty>
  );
}

const columns: readonly Column<AgentRow>[] = [
  {
    name: 'host',
    title: 'Host',
    sortable: true,
    cell: (agent) => (
      <>
        <StateIcon state={agent.state} />{' '}
        <a href={`/agents/${encodeURIComponent(agent.agentId)}`} title={agent.reason}>
          {agent.host === '' ? agent.agentId : agent.host}
        </a>
      </>
    ),
  },
  {
    name: 'state',
    title: 'State',
    sortable: true,
    from: 'wide',
    cell: (agent) => <span title={agent.reason}>{stateText(agent)}</span>,
  },
  { name: 'tenants', title: 'Tenant', from: 'wide', cell: ({ tenants }) => (tenants === 'all' ? 'all' : tenants.join(', ')) },
  { name: 'labels', title: 'Labels', from: 'widest', cell: ({ labels }) => <Labels labels={labels} /> },
  { name: 'version', title: 'Version', sortable: true, from: 'wide', cell: ({ version }) => version },
  { name: 'lastSeen', title: 'Seen', sortable: true, cell: seenCell },
  {
    name: 'rate',
    title: 'Rate',
    sortable: true,
    numeric: true,
    from: 'medium',
    cell: ({ recordsPerSecond }) => perSecond(recordsPerSecond),
  },
  {
    name: 'lag',
    title: 'Lag',
    sortable: true,
    numeric: true,
    cell: ({ lagBytes }) => (lagBytes === undefined ? '–' : bytes(lagBytes)),
  },
  {
    name: 'cpu',
    title: 'CPU',
    sortable: true,
    numeric: true,
    from: 'wide',
    cell: ({ cpuPercent }) => <Gauge value={cpuPercent} />,
  },
  {
    name: 'memory',
    title: 'Memory',
    sortable: true,
    numeric: true,
    from: 'wide',
    cell: ({ memoryPercent }) => <Gauge value={memoryPercent} />,
  },
  {
    name: 'disk',
    title: 'Disk',
    sortable: true,
    numeric: true,
    from: 'medium',
    cell: ({ diskPercent }) => <Gauge value={diskPercent} />,
  },
];

function stateText({ revoked, cloned, connected, state, reason }: AgentRow): string {
  if (revoked) return 'Revoked';
  if (cloned) return 'Two machines use it: both are refused';
  if (reason !== '') return reason;
  return connected ? stateWords[state] : 'Not connected';
}

function seenCell({ connected, lastSeenMs }: AgentRow): JSX.Element {
  if (connected) return <span>connected</span>;
  return lastSeenMs === undefined ? <span class="hint">never</span> : <Ago ms={lastSeenMs} />;
}
