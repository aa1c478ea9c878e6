/** What the outputs of this hub do: of each kind what it counts, under names of their own. */
import { histogramSamples } from '@tributary/shared/prometheus/exposition.ts';
import type { OutputStatus } from '../../outputs/output.ts';
import { counter, gauge, type OwnedMetric, type OwnedSample } from '../owned.ts';

interface Told {
  readonly type: 'counter' | 'gauge';
  readonly name: string;
  readonly help: string;
}

const sum = (name: string, help: string): Told => ({ type: 'counter', name, help });
const now = (name: string, help: string): Told => ({ type: 'gauge', name, help });

/** By the name of the count. What the archive holds is the site's (channel-metrics.ts). */
export const toldCounts: Readonly<Record<string, Readonly<Record<string, Told>>>> = {
  archive: {
    rejected: sum('archive_rejected_blocks_total', 'Blocks that cannot be archived and were kept as dead letters.'),
    failures: sum('archive_failures_total', 'Objects that could not be written; each is tried again.'),
  },
  elasticsearch: {
    documents: sum('elasticsearch_documents_total', 'Documents that are in the cluster.'),
    bytes: sum('elasticsearch_sent_bytes_total', 'Bytes of bulk requests, before compression.'),
    bulks: sum('elasticsearch_bulks_total', 'Bulk requests that were answered document by document.'),
    wasThere: sum('elasticsearch_known_documents_total', 'Of the documents, those that were there already.'),
    again: sum('elasticsearch_retried_documents_total', 'Documents that were sent again, each time.'),
    lookedUp: sum('elasticsearch_looked_up_documents_total', 'Documents that were looked for before they were sent again.'),
    refused: sum('elasticsearch_refused_documents_total', 'Documents that the cluster refused: they are kept as dead letters.'),
    passedOver: sum('elasticsearch_passed_over_documents_total', 'Documents that are for other outputs.'),
    otherDay: sum('elasticsearch_other_day_documents_total', 'Documents in the index of the day on which they were received.'),
    otherSets: sum('elasticsearch_other_sets_documents_total', 'Metrics whose set has no name of its own.'),
    rejected: sum('elasticsearch_rejected_blocks_total', 'Blocks that cannot be indexed and were kept as dead letters.'),
    requestsUnderWay: now('elasticsearch_requests_in_flight', 'Bulk requests that were sent and not answered.'),
    readAheadBytes: now('elasticsearch_read_ahead_bytes', 'Bytes that were read from topics and are not in the cluster yet.'),
    dispatched: sum('elasticsearch_dispatched_documents_total', 'Platform events that were passed on.'),
    unreadable: sum('elasticsearch_unreadable_documents_total', 'Records of platform channels that are no JSON objects.'),
  },
  upstream: {
    batches: sum('upstream_sent_batches_total', 'Batches sent to the higher site, each time they are sent.'),
    records: sum('upstream_sent_records_total', 'Their records.'),
    bytes: sum('upstream_sent_bytes_total', 'Their bytes, compressed.'),
    acked: sum('upstream_acked_batches_total', 'Batches that the higher site has durably.'),
    rejected: sum('upstream_rejected_batches_total', 'Batches that the higher site never takes: they are kept as dead letters.'),
    lost: sum('upstream_lost_positions_total', 'Positions that the higher site was told it will not get.'),
    otherWay: sum('upstream_other_way_positions_total', 'Positions that the higher site gets by another output.'),
    connections: sum('upstream_connections_total', 'Connections to the higher site that were made.'),
    inFlightBytes: now('upstream_in_flight_bytes', 'Bytes of batches that were sent and not answered.'),
    readAheadBytes: now(
      'upstream_read_ahead_bytes',
      'Bytes that were read from topics and that the higher site does not have yet.',
    ),
  },
};

const prefix = 'tributary_hub_';

export function outputMetrics(outputs: readonly OutputStatus[]): OwnedMetric[] {
  const up = outputs.map(({ name: output, kind, state }) => {
    return { labels: { output, kind }, value: state === 'running' ? 1 : 0 };
  });
  const ends = outputs.flatMap(({ name: output, certificate }) =>
    certificate === undefined ? [] : [{ labels: { output }, value: certificate.notAfterMs / 1000 }],
  );
  return [
    gauge(`${prefix}output_up`, '1 while an output runs and reaches where it is to write.', up),
    gauge(
      `${prefix}upstream_certificate_expiry_timestamp_seconds`,
      'When the certificate for the higher site expires, in seconds since 1970.',
      ends,
    ),
    ...Object.entries(toldCounts).flatMap(([kind, told]) => kindMetrics(kind, told, outputs)),
    {
      name: `${prefix}elasticsearch_bulk_duration_seconds`,
      type: 'histogram',
      help: 'How long bulk requests took until they were answered.',
      samples: outputs.flatMap(({ name: output, requestSeconds }) =>
        requestSeconds === undefined ? [] : histogramSamples({ output }, requestSeconds),
      ),
    },
  ];
}

function kindMetrics(kind: string, told: Readonly<Record<string, Told>>, outputs: readonly OutputStatus[]): OwnedMetric[] {
  const ofKind = outputs.filter((output) => output.kind === kind);
  return Object.entries(told).map(([count, { name, type, help }]) => {
    const samples = ofKind.flatMap(({ name: output, counts }): OwnedSample[] => {
      const value = counts[count];
      return value === undefined ? [] : [{ labels: { output }, value }];
    });
    return (type === 'counter' ? counter : gauge)(prefix + name, help, samples);
  });
}
