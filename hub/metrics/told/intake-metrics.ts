/** What comes in by this hub, and who was turned away. */
import type { GapCause } from '@tributary/protocol/messages.ts';
import { listenersOf, type TakingListener } from '../../health/listener-facts.ts';
import type { ConnectionStatus } from '../../intake/intake.ts';
import type { HubStatus } from '../../status/hub-status.ts';
import { counter, gauge, type OwnedMetric, type OwnedSample, samplesOf } from '../owned.ts';

const peers: readonly ConnectionStatus['identity'][] = ['agent', 'lower-site', 'plain'];
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

type Intake = Pick<HubStatus, 'connections' | 'intake' | 'lost' | 'turnedAway'>;

export function intakeMetrics({ connections, intake, lost, turnedAway }: Intake): OwnedMetric[] {
  const ofPeer = (kind: string): number => connections.filter(({ identity }) => identity === kind).length;
  const answers = { stored: intake.batches, duplicate: intake.duplicates, refused: intake.refused };
  return [
    gauge(
      'tributary_hub_connections',
      'Connections of agents and of hubs of lower sites.',
      peers.map((peer) => ({ labels: { peer }, value: ofPeer(peer) })),
    ),
    counter('tributary_hub_admitted_connections_total', 'Connections that were let in.', intake.admitted),
    counter('tributary_hub_rejected_connections_total', 'Connections that were ended with a reason.', intake.rejected),
    counter('tributary_hub_clones_total', 'How often two machines used the identity of one agent.', intake.clones),
    counter('tributary_hub_sent_away_agents_total', 'Agents that were sent to hubs that have fewer.', intake.sentAway),
    counter('tributary_hub_received_batches_total', 'Batches of agents, by what became of them.', samplesOf('answer', answers)),
    counter(
      'tributary_hub_gap_positions_total',
      'Positions that agents declared lost, or left out, by cause.',
      samplesOf('cause', { ...noGaps, ...lost }),
    ),
    counter('tributary_hub_turned_away_total', 'Who was turned away, by reason.', samplesOf('reason', turnedAway)),
  ];
}

type Listening = Pick<HubStatus, 'listeners' | 'intake' | 'connections'>;

export function listenerMetrics({ listeners, intake, connections }: Listening): OwnedMetric[] {
  // Two lists of Beats may have one name, at two Redis.
  const all = Map.groupBy(listenersOf(listeners, intake), ({ name }) => name);
  const each = (valueOf: (listener: TakingListener) => number): OwnedSample[] =>
    [...all].map(([listener, same]) => {
      return { labels: { listener }, value: same.reduce((sum, one) => sum + valueOf(one), 0) };
    });
  const { agents, http, push = [] } = listeners;
  const open = [
    ...(agents === undefined ? [] : [{ labels: { listener: 'agents' }, value: connections.length }]),
    ...(http === undefined ? [] : [{ labels: { listener: 'http' }, value: http.connections }]),
    ...push.map((one) => ({ labels: { listener: `push ${one.address}` }, value: one.connections })),
  ];
  return [
    gauge('tributary_hub_listener_connections', 'Connections to each listener.', open),
    counter(
      'tributary_hub_listener_received_records_total',
      'Records that came in by each listener.',
      each(({ counters }) => counters.records),
    ),
    counter(
      'tributary_hub_listener_received_bytes_total',
      'Their bytes, as they came.',
      each(({ counters }) => counters.bytes),
    ),
    counter(
      'tributary_hub_listener_refused_total',
      'Requests that each listener refused.',
      each(({ refused }) => refused),
    ),
  ];
}
