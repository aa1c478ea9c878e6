/** Who was let in: agents and hubs of lower sites, with their certificates, also those that were cut off. Each is revoked on its own page. */
import type { JSX } from 'preact';
import type { AgentRow } from '../../api/agent-shapes.ts';
import { useAgents } from '../agents/use-agents.ts';
import { EnrolHint } from '../components/enrol-hint.tsx';
import { Switch, Typed } from '../components/form.tsx';
import { Empty, Problem, Section } from '../components/section.tsx';
import { StateIcon } from '../components/state.tsx';
import { type Column, Table } from '../components/table.tsx';
import { Ago, At } from '../components/time.tsx';
import { hubNow } from '../data/api.ts';
import { changeQuery, usePlace } from '../router.ts';
import { some } from '../units.ts';
import { certificateState } from './certificate-state.ts';

const dayMs = 86_400_000;
const kinds = [
  ['agent', 'Agents'],
  ['hub', 'Hubs of lower sites'],
] as const;

export function Registrations(): JSX.Element {
  const { query } = usePlace();
  const kind = query.get('kind') === 'hub' ? 'hub' : 'agent';
  const text = query.get('text') ?? '';
  const list = useAgents({ kind, text, site: '*', sort: 'host' });
  const { answer, error } = list;
  return (
    <Section
      title="Registrations"
      flush
      aside={answer !== undefined && <span class="hint">{some(answer.total, 'registration')}</span>}
    >
      <div class="filters audit-filters" role="search">
        <Typed name="text" label="Host, id or address" initial={text} />
        <Switch label="What was let in" value={kind} choices={kinds} onChange={(wanted) => changeQuery({ kind: wanted })} />
      </div>
      {error !== undefined && error.code !== 'unreachable' && <Problem error={error} what="They cannot be shown." />}
      {answer === undefined && error === undefined && <div class="loading" role="status" aria-label="Registrations: loading" />}
      {answer?.total === 0 && <Nobody kind={kind} isFiltered={text !== ''} />}
      {answer !== undefined && answer.total > 0 && (
        <Table
          caption="Registrations"
          columns={columns}
          rows={list.agents}
          rowKey={({ agentId }) => agentId}
          total={answer.total}
          onNearEnd={list.more}
        />
      )}
    </Section>
  );
}

function Nobody({ kind, isFiltered }: { readonly kind: 'agent' | 'hub'; readonly isFiltered: boolean }): JSX.Element {
  if (isFiltered) return <Empty title="None fits.">Look for a part of its name, its id or its address.</Empty>;
  if (kind === 'agent')
    return (
      <Empty title="Nobody was let in yet.">
        <EnrolHint />
      </Empty>
    );
  return (
    <Empty title="No hub of a lower site was let in.">
      <code>tributary-hub token create --hub</code> makes the command that lets one in.
    </Empty>
  );
}

const columns: readonly Column<AgentRow>[] = [
  {
    name: 'host',
    title: 'Host',
    cell: ({ host, agentId }) => <a href={`/agents/${encodeURIComponent(agentId)}`}>{host === '' ? agentId : host}</a>,
  },
  { name: 'may', title: 'May it come in?', cell: (row) => <span title={standing(row)}>{standing(row)}</span> },
  { name: 'tenants', title: 'Tenants', from: 'medium', cell: ({ tenants }) => (tenants === 'all' ? 'all' : tenants.join(', ')) },
  {
    name: 'enrolled',
    title: 'Enrolled',
    from: 'medium',
    cell: ({ enrolledMs }) => (enrolledMs === undefined ? '–' : <At ms={enrolledMs} />),
  },
  { name: 'ends', title: 'Certificate ends', cell: endsCell },
  { name: 'id', title: 'Id', from: 'wide', cell: ({ agentId }) => <code>{agentId}</code> },
];

/** Why it is refused, or that it is not. */
function standing({ revoked, cloned, enrolledMs }: AgentRow): string {
  if (revoked) return 'no, it was revoked';
  if (cloned) return 'no, two machines use it: enrol one of them anew';
  return enrolledMs === undefined ? 'yes, without a certificate' : 'yes';
}

function endsCell({ certificateEndsMs: endsMs, revoked }: AgentRow): JSX.Element {
  if (endsMs === undefined || revoked) return <>–</>;
  return (
    <>
      <StateIcon state={certificateState((endsMs - hubNow()) / dayMs, 'agent')} /> <Ago ms={endsMs} />
    </>
  );
}
