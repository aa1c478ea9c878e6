/**
 * The agent's metrics. Names are stable. Label values come from bounded sets, except for paths: only the sources that are furthest behind
 * are told one by one, all others in the counts of `tributary_agent_sources_lagging`.
 */
import type { GapCause } from '@tributary/protocol/messages.ts';
import type { Metric, Sample } from '@tributary/shared/prometheus/exposition.ts';
import { describeAgent, type ObservedAgent } from '../describe-agent.ts';
import type { AgentStatus } from '../agent-status.ts';

const prefix = 'tributary_agent_';
const sourcesToldMax = 10;
const noGaps: Readonly<Record<GapCause, number>> = {
  'buffer-lost': 0,
  'buffer-damaged': 0,
  dropped: 0,
  'replay-expired': 0,
  'source-lost': 0,
  rejected: 0,
  'store-lost': 0,
  'other-way': 0,
};
const lagSteps = [0, 64 * 1024, 1024 * 1024, 16 * 1024 * 1024, 256 * 1024 * 1024, 4 * 1024 ** 3];

export function agentMetrics(observed: ObservedAgent): Metric[] {
  const status = describeAgent(observed);
  return [
    ...processMetrics(status),
    ...flowMetrics(status),
    ...lossMetrics(status),
    ...bufferMetrics(status),
    ...hubMetrics(status),
    ...inputMetrics(status),
    ...sourceMetrics(status),
  ];
}

function gauge(name: string, help: string, samples: readonly Sample[] | number): Metric {
  return { name: prefix + name, type: 'gauge', help, samples: typeof samples === 'number' ? [{ value: samples }] : samples };
}

function counter(name: string, help: string, samples: readonly Sample[] | number): Metric {
  return { ...gauge(`${name}_total`, help, samples), type: 'counter' };
}

/** One sample for each entry, under a label. */
function samplesOf(label: string, entries: Readonly<Record<string, number>>): Sample[] {
  return Object.entries(entries).map(([name, value]) => ({ labels: { [label]: name }, value }));
}

function processMetrics({ version, startedMs, memory, readiness }: AgentStatus): Metric[] {
  const { user, system } = process.cpuUsage();
  return [
    gauge('build_info', 'The version that runs.', [{ labels: { version }, value: 1 }]),
    gauge('start_time_seconds', 'When the agent was started, in seconds since 1970.', startedMs / 1000),
    gauge('ready', '1 when senders may be given what listens here.', readiness.ready ? 1 : 0),
    {
      name: 'process_cpu_seconds_total',
      type: 'counter',
      help: 'Processor time of the agent.',
      samples: [{ value: (user + system) / 1e6 }],
    },
    {
      name: 'process_resident_memory_bytes',
      type: 'gauge',
      help: 'Memory of the agent that is resident.',
      samples: [{ value: memory.rssBytes }],
    },
  ];
}

function flowMetrics({ counters }: AgentStatus): Metric[] {
  const { excluded, sampledOut, redacted } = counters.filtered;
  const { reported, sent, summed, dropped } = counters.platform;
  return [
    counter('read_records', 'Records that inputs read and filters kept.', counters.recordsRead),
    counter('read_bytes', 'Their bytes.', counters.bytesRead),
    counter(
      'filtered_records',
      'Records that filters left out or masked.',
      samplesOf('action', { excluded, sampled_out: sampledOut, redacted }),
    ),
    counter('sent_batches', 'Batches sent to hubs, each time they are sent.', counters.batchesSent),
    counter('sent_bytes', 'Their bytes, compressed.', counters.bytesSent),
    counter('acked_batches', 'Batches that a hub has durably.', counters.batchesAcked),
    counter('events', 'Events of the agent itself.', samplesOf('event', counters.events)),
    counter(
      'platform_documents',
      'Events and metrics of the machine: reported, sent on, and added to one that tells how many they were.',
      samplesOf('outcome', { reported, sent, summed }),
    ),
    counter('platform_dropped_documents', 'Events and metrics that there was no room for.', samplesOf('cause', dropped)),
  ];
}

function lossMetrics({ counters, buffer, abandonedBytes }: AgentStatus): Metric[] {
  const lost = Object.entries(counters.lost);
  const gaps: Record<string, number> = { ...noGaps };
  for (const [cause, { positions }] of Object.entries(buffer.lostByCause)) gaps[cause] = positions;
  return [
    counter(
      'lost_bytes',
      'Bytes that will never arrive.',
      lost.map(([cause, { bytes }]) => ({ labels: { cause }, value: bytes })),
    ),
    counter(
      'lost_records',
      'Records that will never arrive, where they could be counted.',
      lost.map(([cause, { records }]) => ({ labels: { cause }, value: records })),
    ),
    counter(
      'abandoned_bytes',
      'Bytes of files that were there and could not be read any more.',
      samplesOf('cause', abandonedBytes),
    ),
    counter('gap_positions', 'Positions that the site was told it will not get, over all starts.', samplesOf('cause', gaps)),
    counter('rejected_batches', 'Batches that no hub would take; they are set aside in the buffer.', counters.batchesRejected),
  ];
}

function bufferMetrics({ buffer }: AgentStatus): Metric[] {
  const states = { open: 0, full: 0, 'no-space': 0, [buffer.state]: 1 };
  return [
    gauge('buffer_unacked_bytes', 'Bytes of batches that no hub has yet, compressed.', buffer.unackedBytes),
    gauge('buffer_unacked_batches', 'Batches that no hub has yet.', buffer.unackedBatches),
    gauge('buffer_retained_bytes', 'Bytes of all batches in the buffer, those a hub has included.', buffer.retainedBytes),
    gauge('buffer_max_bytes', 'Bytes of batches that the buffer may hold.', buffer.maxBytes),
    gauge('buffer_in_flight_bytes', 'Bytes of batches that were sent and not answered.', buffer.inFlightBytes),
    gauge('buffer_state', '1 for the state that the buffer is in.', samplesOf('state', states)),
  ];
}

function hubMetrics({ uplink, counters, tls }: AgentStatus): Metric[] {
  const { certificate } = tls;
  return [
    gauge(
      'certificate_expiry_timestamp_seconds',
      'When the certificate of this agent expires, in seconds since 1970.',
      certificate === undefined ? [] : [{ value: certificate.notAfterMs / 1000 }],
    ),
    gauge('connected', '1 while there is a connection to a hub.', uplink.state === 'connected' ? 1 : 0),
    counter('connections', 'Connections to hubs that were made.', counters.connections),
    counter('reloads', 'Changes of the configuration that were taken.', counters.reloads),
  ];
}

function inputMetrics({ inputs }: AgentStatus): Metric[] {
  const each = (valueOf: (input: AgentStatus['inputs'][number]) => number): Sample[] =>
    inputs.map((input) => ({ labels: { input: input.name, type: input.type }, value: valueOf(input) }));
  return [
    gauge(
      'input_up',
      '1 while an input runs, and listens at every address that it is to listen at.',
      each(({ trouble, listen, listening }) => (trouble === '' && listening.length >= listen.length ? 1 : 0)),
    ),
    gauge(
      'input_sources',
      'Sources of an input.',
      each(({ sources }) => sources),
    ),
    gauge(
      'input_failed_sources',
      'Sources of an input that cannot be read now.',
      each(({ failed }) => failed),
    ),
    gauge(
      'input_lag_bytes',
      'Bytes of an input that are there and were not read yet.',
      each(({ lag }) => lag),
    ),
  ];
}

function sourceMetrics({ sources }: AgentStatus): Metric[] {
  const furthest = sources.slice(0, sourcesToldMax).filter(({ lag }) => lag > 0);
  const more = lagSteps.map((step) => [String(step), sources.filter(({ lag }) => lag > step).length] as const);
  return [
    gauge(
      'source_lag_bytes',
      `Bytes that are there and were not read yet, of the ${sourcesToldMax} sources that are furthest behind.`,
      furthest.map(({ input, path, lag }) => ({ labels: { input, path }, value: lag })),
    ),
    gauge(
      'sources_lagging',
      'Sources of which more than so many bytes are there and were not read yet.',
      more.map(([step, value]) => ({ labels: { more_than_bytes: step }, value })),
    ),
  ];
}
