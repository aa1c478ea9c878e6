/** What hubs (`GET /metrics`, with a token) and agents (on their own machine) tell Prometheus. */
import { type GrafanaBoard, type GrafanaPanel, type PlacedPanel, refId, sourceOf } from './grafana-dashboard.ts';

interface Line {
  readonly expression: string;
  readonly legend: string;
}

type Unit = 'short' | 'bytes' | 'Bps' | 'cps' | 'percentunit' | 's' | 'none' | 'bool_yes_no';

function chart(title: string, unit: Unit, ...lines: readonly Line[]): PlacedPanel {
  return { panel: { ...panelOf(title, lines), type: 'timeseries', fieldConfig: configOf(unit) }, width: 24, height: 8 };
}

function number(title: string, unit: Unit, expression: string): PlacedPanel {
  const options = { reduceOptions: { calcs: ['lastNotNull'], values: false } };
  return {
    panel: { ...panelOf(title, [{ expression, legend: '' }]), type: 'stat', fieldConfig: configOf(unit), options },
    width: 12,
    height: 6,
  };
}

function panelOf(title: string, lines: readonly Line[]): Pick<GrafanaPanel, 'title' | 'targets'> {
  return {
    title,
    targets: lines.map(({ expression, legend }, index) => ({
      refId: refId(index),
      datasource: sourceOf('prometheus'),
      expr: expression,
      legendFormat: legend,
      range: true,
      instant: false,
    })),
  };
}

function configOf(unit: Unit): object {
  return { defaults: { unit, min: 0 }, overrides: [] };
}

/** By the second, of what only grows. */
const perSecond = (counter: string, ...by: readonly string[]): string =>
  `sum by (${by.join(', ')}) (rate(${counter}[$__rate_interval]))`;
const increase = (counter: string): string => `sum(increase(${counter}[$__range]))`;

/** Every hub of a site tells the same. */
const ofSite = (expression: string): string => `sum(max by (site) (${expression}))`;
const ofChannels = (expression: string): string => `max by (site, tenant, type) (${expression})`;
const channel = '{{tenant}}/{{type}}';
const instance = '{{instance}}';

function channelRate(counter: string): Line {
  return { expression: ofChannels(`rate(${counter}[$__rate_interval])`), legend: channel };
}

function ofReaders(metric: string): Line {
  return { expression: `max by (site, tenant, type, group) (${metric})`, legend: `${channel} {{group}}` };
}

function quantiles(histogram: string): Line[] {
  return [0.5, 0.95, 0.99].map((share) => {
    return {
      expression: `histogram_quantile(${share}, ${perSecond(`${histogram}_bucket`, 'le')})`,
      legend: `${share * 100} of 100 at most`,
    };
  });
}

export interface PipelineMetric {
  readonly name: string;
  readonly kind: 'counter' | 'histogram';
}

/** With the metrics that the pipelines of this configuration count. */
export function hubBoard(metrics: readonly PipelineMetric[]): GrafanaBoard {
  return {
    uid: 'tributary-hub',
    title: 'Hub',
    description:
      'What comes in, waits and goes out, what is wrong, what hubs use, and what pipelines count. Scrape GET /metrics of the HTTP listener with a token of scope read.',
    source: 'prometheus',
    sourceLabel: 'Prometheus',
    panels: [...standsOfHub(), ...flowOfHub(), ...workOfHub(), ...itselfOfHub(), ...metrics.map(pipelineChart)],
  };
}

/** How it is now. */
function standsOfHub(): PlacedPanel[] {
  return [
    number('Hubs that take records in', 'short', 'sum(tributary_hub_ready)'),
    number('Agents not connected', 'short', `${ofSite('tributary_agents')} - ${ofSite('tributary_connected_agents')}`),
    number('Findings: red', 'short', 'sum(max by (site, kind) (tributary_findings{level="red"}))'),
    number('Findings: yellow', 'short', 'sum(max by (site, kind) (tributary_findings{level="yellow"}))'),
    number('Records that the books miss', 'short', `sum(${ofChannels('abs(tributary_unaccounted_records)')})`),
    number('Dead letters that wait', 'short', `sum(${ofChannels('tributary_dead_letters')})`),
    number('Store in use', 'percentunit', 'max(tributary_queue_bytes / tributary_queue_max_bytes)'),
    number('Freed by housekeeping', 'bytes', increase('tributary_hub_housekeeping_freed_bytes_total')),
  ];
}

/** What comes in, and where it waits. */
function flowOfHub(): PlacedPanel[] {
  return [
    chart('Received', 'cps', channelRate('tributary_channel_received_records_total')),
    chart('Received, compressed', 'Bps', channelRate('tributary_channel_received_bytes_total')),
    chart('Processed', 'cps', channelRate('tributary_channel_processed_records_total')),
    chart('Written to the archive', 'cps', channelRate('tributary_archive_written_records_total')),
    chart('Waits for readers', 'short', ofReaders('tributary_group_waiting_records')),
    chart('How long it has waited', 's', ofReaders('tributary_group_oldest_age_seconds')),
    chart('Lost positions', 'short', {
      expression: ofChannels('tributary_channel_lost_positions'),
      legend: channel,
    }),
    chart('Dead letters that wait', 'short', { expression: ofChannels('tributary_dead_letters'), legend: channel }),
    chart(
      'Dead letters sent again and dropped',
      'cps',
      {
        expression: perSecond('tributary_hub_dead_letters_replayed_total', 'tenant', 'type'),
        legend: 'sent again {{tenant}}/{{type}}',
      },
      {
        expression: perSecond('tributary_hub_dead_letters_dropped_total', 'tenant', 'type'),
        legend: 'dropped {{tenant}}/{{type}}',
      },
    ),
  ];
}

/** What outputs and pipelines do, and who comes. */
function workOfHub(): PlacedPanel[] {
  return [
    chart('Outputs that do not write', 'bool_yes_no', {
      expression: '1 - tributary_hub_output_up',
      legend: `${instance} {{output}}`,
    }),
    chart('Documents into Elasticsearch', 'cps', {
      expression: perSecond('tributary_hub_elasticsearch_documents_total', 'output'),
      legend: '{{output}}',
    }),
    chart('Bulk requests take', 's', ...quantiles('tributary_hub_elasticsearch_bulk_duration_seconds')),
    chart('Left out by dedupe and throttle', 'cps', {
      expression: perSecond('tributary_hub_pipeline_suppressed_total', 'pipeline', 'step'),
      legend: '{{pipeline}} {{step}}',
    }),
    chart('Records that steps could not work on', 'cps', {
      expression: perSecond('tributary_hub_pipeline_step_failed_records_total', 'pipeline', 'step'),
      legend: '{{pipeline}} {{step}}',
    }),
    chart('Turned away', 'cps', { expression: perSecond('tributary_hub_turned_away_total', 'reason'), legend: '{{reason}}' }),
    chart('Connections', 'short', {
      expression: 'sum by (instance, peer) (tributary_hub_connections)',
      legend: `${instance} {{peer}}`,
    }),
    chart('Archive', 'bytes', { expression: ofChannels('tributary_archive_bytes'), legend: channel }),
    chart('Removed by housekeeping', 'cps', {
      expression: perSecond('tributary_hub_housekeeping_removed_total', 'kind'),
      legend: '{{kind}}',
    }),
  ];
}

/** What hubs use. */
function itselfOfHub(): PlacedPanel[] {
  return [
    chart('Certificates expire in', 's', {
      expression: 'tributary_hub_certificate_expiry_timestamp_seconds - time()',
      legend: `${instance} {{role}}`,
    }),
    chart('Processor', 'percentunit', {
      expression: perSecond('tributary_hub_process_cpu_seconds_total', 'instance'),
      legend: instance,
    }),
    chart('Memory', 'bytes', { expression: 'tributary_hub_process_resident_memory_bytes', legend: instance }),
    chart('The main thread is late', 's', ...quantiles('tributary_hub_event_loop_lag_seconds')),
  ];
}

function pipelineChart({ name, kind }: PipelineMetric): PlacedPanel {
  if (kind === 'counter')
    return chart(name, 'short', { expression: perSecond(name, 'tenant', 'type'), legend: '{{tenant}}/{{type}}' });
  return chart(name, 'short', ...quantiles(name));
}

const ofAgents = (name: string): string => `tributary_agent_${name}`;

export const agentsBoard: GrafanaBoard = {
  uid: 'tributary-agents',
  title: 'Agents',
  description: 'What agents read and send, what waits and what was lost. Scrape the metrics of each agent on its machine.',
  source: 'prometheus',
  sourceLabel: 'Prometheus',
  panels: [
    number('Agents', 'short', `count(${ofAgents('build_info')})`),
    number('Connected', 'short', `sum(${ofAgents('connected')})`),
    number('Bytes that wait for a hub', 'bytes', `sum(${ofAgents('buffer_unacked_bytes')})`),
    number('Bytes lost', 'bytes', increase(ofAgents('lost_bytes_total'))),
    chart('Read', 'Bps', { expression: perSecond(ofAgents('read_bytes_total'), 'instance'), legend: instance }),
    chart('Records read', 'cps', { expression: perSecond(ofAgents('read_records_total'), 'instance'), legend: instance }),
    chart('Sent, compressed', 'Bps', { expression: perSecond(ofAgents('sent_bytes_total'), 'instance'), legend: instance }),
    chart('Waits in the buffer', 'percentunit', {
      expression: `${ofAgents('buffer_unacked_bytes')} / ${ofAgents('buffer_max_bytes')}`,
      legend: instance,
    }),
    chart('Not read yet', 'bytes', {
      expression: `sum by (instance, input) (${ofAgents('input_lag_bytes')})`,
      legend: `${instance} {{input}}`,
    }),
    chart('Sources that cannot be read', 'short', {
      expression: `sum by (instance, input) (${ofAgents('input_failed_sources')})`,
      legend: `${instance} {{input}}`,
    }),
    chart('Lost', 'Bps', {
      expression: perSecond(ofAgents('lost_bytes_total'), 'instance', 'cause'),
      legend: `${instance} {{cause}}`,
    }),
    chart('Positions that never come', 'cps', {
      expression: perSecond(ofAgents('gap_positions_total'), 'instance', 'cause'),
      legend: `${instance} {{cause}}`,
    }),
    chart('Batches refused', 'cps', { expression: perSecond(ofAgents('rejected_batches_total'), 'instance'), legend: instance }),
    chart('Not connected', 'bool_yes_no', { expression: `1 - ${ofAgents('connected')}`, legend: instance }),
    chart('Certificate expires in', 's', {
      expression: `${ofAgents('certificate_expiry_timestamp_seconds')} - time()`,
      legend: instance,
    }),
    chart('Processor', 'percentunit', {
      expression: perSecond(ofAgents('process_cpu_seconds_total'), 'instance'),
      legend: instance,
    }),
    chart('Memory', 'bytes', { expression: ofAgents('process_resident_memory_bytes'), legend: instance }),
    chart('Ready', 'bool_yes_no', { expression: ofAgents('ready'), legend: instance }),
  ],
};
