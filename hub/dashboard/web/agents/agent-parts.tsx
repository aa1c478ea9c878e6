/** The parts of one agent's page. */
import type { JSX } from 'preact';
import type { AgentAnswer, AgentEvent } from '../../api/agent-shapes.ts';
import { Empty, type Fact, Loaded, Section } from '../components/section.tsx';
import { type Column, Table } from '../components/table.tsx';
import { Ago, At } from '../components/time.tsx';
import { useLive } from '../data/live.ts';
import { bytes, count, duration, exact, percent, some } from '../units.ts';

type File = AgentAnswer['files'][number];
type Input = AgentAnswer['inputs'][number];
type Stream = AgentAnswer['streams'][number];

const inputColumns: readonly Column<Input>[] = [
  { name: 'name', title: 'Input', cell: ({ name }) => <strong>{name}</strong> },
  { name: 'kind', title: 'Kind', from: 'medium', cell: ({ kind }) => kind },
  {
    name: 'state',
    title: 'State',
    cell: ({ state, error }) => <span title={error}>{error === '' ? state : `${state}: ${error}`}</span>,
  },
  { name: 'sources', title: 'Sources', numeric: true, cell: ({ sources }) => exact(sources) },
  { name: 'failed', title: 'Failed', numeric: true, from: 'medium', cell: ({ failed }) => exact(failed) },
  { name: 'lag', title: 'Lag', numeric: true, cell: ({ lagBytes }) => bytes(lagBytes) },
];

export function Inputs({ agent }: { readonly agent: AgentAnswer }): JSX.Element {
  return (
    <Section title="Inputs" flush>
      {agent.inputs.length === 0 ? (
        <Empty title="It reads nothing.">
          {agent.measuredMs === undefined
            ? 'It told nothing of its inputs yet.'
            : 'Its configuration has no inputs: name files in it.'}
        </Empty>
      ) : (
        <Table caption="Inputs" columns={inputColumns} rows={agent.inputs} rowKey={({ name }) => name} />
      )}
    </Section>
  );
}

const fileColumns: readonly Column<File>[] = [
  { name: 'path', title: 'File', cell: ({ path }) => <code title={path}>{path}</code> },
  { name: 'input', title: 'Input', from: 'wide', cell: ({ input }) => input },
  { name: 'state', title: 'State', from: 'medium', cell: ({ state }) => state },
  { name: 'size', title: 'Size', numeric: true, from: 'medium', cell: ({ size }) => bytes(size) },
  { name: 'lag', title: 'Lag', numeric: true, cell: lagText },
  {
    name: 'read',
    title: 'Read',
    from: 'wide',
    cell: ({ lastReadMs }) => (lastReadMs === undefined ? '–' : <Ago ms={lastReadMs} />),
  },
];

function lagText({ lagBytes, lagSeconds }: File): string {
  if (lagBytes === 0) return 'none';
  return lagSeconds === undefined ? bytes(lagBytes) : `${bytes(lagBytes)}, ${duration(lagSeconds * 1000)}`;
}

export function Files({ agent }: { readonly agent: AgentAnswer }): JSX.Element {
  const { files, filesTotal } = agent;
  const note =
    filesTotal > files.length ? `the ${files.length} furthest behind of ${exact(filesTotal)}` : some(filesTotal, 'file');
  return (
    <Section title="Files" flush aside={<span class="hint">{note}</span>}>
      {files.length === 0 ? (
        <Empty title="No file is followed." />
      ) : (
        <Table caption="Files" columns={fileColumns} rows={files} rowKey={({ streamId, path }) => `${streamId} ${path}`} />
      )}
    </Section>
  );
}

/** In records: what was read is where? */
export function Books({ books }: { readonly books: NonNullable<AgentAnswer['books']> }): JSX.Element {
  const lost = Object.entries(books.lost).filter(([, records]) => records > 0);
  const rows: readonly (readonly [name: string, records: number, state: string])[] = [
    ['Acknowledged by the hub', books.acked, 'green'],
    ['In the buffer', books.buffered, 'unknown'],
    ['Left out by filters', books.filtered, 'unknown'],
    ...lost.map(([cause, records]) => [`Lost: ${cause}`, records, 'red'] as const),
  ];
  const isBalanced = books.unaccounted === 0;
  return (
    <Section
      title="Books"
      aside={<span class={`badge ${isBalanced ? 'green' : 'red'}`}>{isBalanced ? 'balanced' : 'not balanced'}</span>}
    >
      <table class="books">
        <caption class="heard">What became of the records that were read</caption>
        <tbody>
          <tr class="total">
            <th scope="row">Read</th>
            <td>{exact(books.read)}</td>
            <td />
          </tr>
          {rows.map(([name, records, state]) => (
            <tr key={name}>
              <th scope="row">{name}</th>
              <td>{exact(records)}</td>
              <td>{books.read > 0 && <ShareBar share={records / books.read} state={state} />}</td>
            </tr>
          ))}
          <tr class={isBalanced ? '' : 'wrong-books'}>
            <th scope="row">Unaccounted for</th>
            <td>{exact(books.unaccounted)}</td>
            <td />
          </tr>
        </tbody>
      </table>
    </Section>
  );
}

function ShareBar({ share, state }: { readonly share: number; readonly state: string }): JSX.Element {
  return (
    <svg class={`share ${state}`} viewBox="0 0 100 8" preserveAspectRatio="none" aria-hidden="true">
      <rect width={Math.min(100, share * 100)} height="8" />
    </svg>
  );
}

const streamColumns: readonly Column<Stream>[] = [
  { name: 'source', title: 'Source', cell: ({ source, streamId }) => <code title={streamId}>{source}</code> },
  { name: 'channel', title: 'Channel', cell: ({ channel }) => channel },
  { name: 'held', title: 'The site has', numeric: true, from: 'medium', cell: ({ held }) => bytes(held) },
  { name: 'lost', title: 'Lost', numeric: true, cell: ({ lost }) => (lost === 0 ? 'nothing' : bytes(lost)) },
  {
    name: 'received',
    title: 'Received',
    cell: ({ lastReceivedMs }) => (lastReceivedMs === undefined ? '–' : <Ago ms={lastReceivedMs} />),
  },
];

export function Streams({ agent }: { readonly agent: AgentAnswer }): JSX.Element {
  return (
    <Section title="What the site has of it" flush aside={<span class="hint">{some(agent.streams.length, 'stream')}</span>}>
      {agent.streams.length === 0 ? (
        <Empty title="Nothing came from it yet." />
      ) : (
        <Table caption="Streams" columns={streamColumns} rows={agent.streams} rowKey={({ streamId }) => streamId} />
      )}
    </Section>
  );
}

export function Events({ agentId }: { readonly agentId: string }): JSX.Element {
  const path = `/api/v1/agents/${encodeURIComponent(agentId)}/events?limit=30`;
  const live = useLive<{ readonly events: readonly AgentEvent[] }>(path, 5000);
  return (
    <Section title="Events" flush>
      <Loaded live={live} what="Its events">
        {({ events }) =>
          events.length === 0 ? (
            <Empty title="It told of nothing lately." />
          ) : (
            <ul class="events">
              {events.map(({ atMs, action, level, message }, index) => (
                <li key={`${atMs} ${action} ${index}`}>
                  <At ms={atMs} />
                  <span class={`level ${level}`}>{level}</span>
                  <span class="message">
                    <strong>{action}</strong> {message}
                  </span>
                </li>
              ))}
            </ul>
          )
        }
      </Loaded>
    </Section>
  );
}

export function machineFacts(agent: AgentAnswer): Fact[] {
  const { machine, process, buffer } = agent;
  return [
    ['System', machine === undefined ? undefined : `${machine.os}, ${machine.arch}`],
    ['Kernel', machine?.kernel],
    ['Cores', machine?.cores],
    ['Memory', machine?.memoryBytes === undefined ? undefined : bytes(machine.memoryBytes)],
    ['Agent’s memory', process === undefined ? undefined : bytes(process.rssBytes)],
    ['Agent’s CPU', process?.cpuPercent === undefined ? undefined : percent(process.cpuPercent)],
    ['Agent started', process === undefined ? undefined : <Ago ms={process.startedMs} />],
    [
      'Buffer',
      buffer === undefined ? undefined : `${bytes(buffer.bytes)} of ${bytes(buffer.maxBytes)}, ${count(buffer.batches)} batches`,
    ],
    ['Told', agent.measuredMs === undefined ? undefined : <Ago ms={agent.measuredMs} />],
  ];
}
