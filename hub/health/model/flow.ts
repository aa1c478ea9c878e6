/** What the map of the overview is drawn from: what comes in, waits and goes out, with the colours of the tree. */
import type { Id } from '@tributary/protocol/messages.ts';
import type { FlowAnswer, HealthState } from '../../dashboard/api/health-shapes.ts';
import type { OutputStatus } from '../../outputs/output.ts';
import {
  backTopic,
  channelOf,
  frontTopic,
  type GroupStatus,
  pipelineGroup,
  type QueueStatus,
  type TopicName,
} from '../../queue/queue.ts';
import type { Counters } from '../../status/rates.ts';
import type { ListenerRate } from '../listener-facts.ts';
import type { KnownAgent } from './facts.ts';
import type { FlowRates } from './flow-rates.ts';
import type { HealthTree } from './health-model.ts';
import { agentNode, agentsNode, channelNode, hubNode, listenerNode, type NodeId, outputNode } from './node-ids.ts';
import { worstOf } from './states.ts';
import { channelsOf } from './tree.ts';

type Waiting = FlowAnswer['channels'][number]['front'];
type Rate = FlowAnswer['channels'][number]['received'];

export interface FlowAgent extends KnownAgent {
  readonly connected: boolean;
}

export interface FlowParts {
  readonly atMs: number;
  readonly tree: HealthTree;
  readonly rates: Pick<FlowRates, 'received' | 'passed'>;
  readonly queue: QueueStatus;
  readonly agents: readonly FlowAgent[];
  readonly outputs: readonly Pick<OutputStatus, 'name' | 'kind' | 'group'>[];
  /** What each of them takes at its listeners. */
  readonly hubs: readonly { readonly hubId: Id; readonly listeners: readonly ListenerRate[] }[];
  readonly lastReceivedMs: (channel: string) => number | undefined;
}

/** Of the channels that `sees` lets through; what belongs to the site only where `seesSite`. */
export function flowOf(parts: FlowParts, sees: (channel: string) => boolean, seesSite: boolean): FlowAnswer {
  const { atMs, tree, queue, outputs } = parts;
  const colour = (node: NodeId): { state: HealthState; reason: string } => {
    const { state = 'unknown', reason = '' } = tree.get(node) ?? {};
    return { state, reason };
  };
  const channels = [...channelsOf(queue)].filter(sees).toSorted();
  return {
    atMs,
    agents: seesSite ? { ...counted(parts.agents), state: colour(agentsNode).state } : agentsOf(parts, sees),
    listeners: seesSite
      ? listenersOf(parts).map(({ name, node, rate }) => ({ name, node, state: colour(node).state, ...rateOf(rate) }))
      : [],
    channels: channels.map((channel) => ({ channel, ...colour(channelNode(channel)), ...channelFlow(parts, channel) })),
    outputs: seesSite ? outputs.map((output) => ({ ...outputFlow(parts, output), ...colour(outputNode(output.name)) })) : [],
  };
}

/** What agents send is told of them all. Every hub answers in the same order, and listeners of several hubs have the same names. */
function listenersOf({ hubs, tree }: FlowParts): { name: string; node: NodeId; rate: Counters }[] {
  const inOrder = hubs.toSorted((one, other) => one.hubId.localeCompare(other.hubId));
  return inOrder.flatMap(({ hubId, listeners }) =>
    listeners
      .filter(({ name }) => name !== 'agents')
      .map((listener) => ({
        name: hubs.length === 1 ? listener.name : `${listener.name} on ${tree.get(hubNode(hubId))?.name ?? hubId}`,
        node: listenerNode(hubId, listener.name),
        rate: listener,
      })),
  );
}

/** Who sees some tenants only sees the agents that are theirs alone. */
function agentsOf({ agents, tree }: FlowParts, sees: (channel: string) => boolean): FlowAnswer['agents'] {
  const seen = agents.filter(
    ({ tenants }) => tenants !== 'all' && tenants.length > 0 && tenants.every((tenant) => sees(`${tenant}/`)),
  );
  const states = seen.map(({ agentId }) => tree.get(agentNode(agentId))?.state ?? 'unknown');
  return { ...counted(seen), state: seen.length === 0 ? 'unknown' : worstOf(states) };
}

function counted(agents: readonly FlowAgent[]): { known: number; connected: number } {
  return { known: agents.length, connected: agents.filter(({ connected }) => connected).length };
}

function channelFlow(
  { queue, rates, lastReceivedMs }: FlowParts,
  channel: string,
): Omit<FlowAnswer['channels'][number], 'channel' | 'state' | 'reason'> {
  const [front, back, dead] = [frontTopic(channel), backTopic(channel), `dead/${channel}`];
  const lastMs = lastReceivedMs(channel);
  const deadLetters = queue.topics.filter(({ topic }) => topic === dead).reduce((sum, { entries }) => sum + entries, 0);
  return {
    received: rateOf(rates.received(front)),
    front: waitingOf(queue.groups.filter(({ topic, group }) => topic === front && group === pipelineGroup)),
    processed: rateOf(rates.received(back)),
    back: slowest(queue.groups.filter(({ topic }) => topic === back)),
    deadLetters,
    ...(lastMs === undefined ? {} : { lastReceivedMs: lastMs }),
  };
}

function outputFlow(
  { queue, rates }: FlowParts,
  { name, kind, group }: Pick<OutputStatus, 'name' | 'kind' | 'group'>,
): Omit<FlowAnswer['outputs'][number], 'state' | 'reason'> {
  const own = queue.groups.filter((place) => place.group === group && isOfRecords(place.topic));
  const topics = [...Map.groupBy(own, ({ topic }) => topic)];
  const passed = topics.map(([topic]) => rates.passed({ topic, group }));
  const sum = (what: keyof Counters): number => passed.reduce((total, rate) => total + rate[what], 0);
  return {
    name,
    kind,
    passed: rateOf({ records: sum('records'), bytes: sum('bytes') }),
    ...waitingOf(own),
    channels: topics.map(([topic, places]) => ({
      channel: channelOf(topic),
      reads: topic.startsWith('front/') ? 'front' : 'back',
      ...waitingOf(places),
    })),
  };
}

function isOfRecords(topic: TopicName): boolean {
  return topic.startsWith(frontTopic('')) || topic.startsWith(backTopic(''));
}

function slowest(places: readonly GroupStatus[]): Waiting {
  const waiting = [...Map.groupBy(places, ({ group }) => group).values()].map(waitingOf);
  return waiting.reduce((most, one) => (one.records > most.records ? one : most), waitingOf([]));
}

function waitingOf(places: readonly GroupStatus[]): Waiting {
  const sum = (what: 'entries' | 'records' | 'bytes'): number => places.reduce((total, place) => total + place[what], 0);
  const oldest = places.flatMap(({ oldestMs }) => oldestMs ?? []);
  const known = { entries: sum('entries'), records: sum('records'), bytes: sum('bytes') };
  return oldest.length === 0 ? known : { ...known, oldestMs: Math.min(...oldest) };
}

function rateOf({ records, bytes }: Counters): Rate {
  return { recordsPerSecond: records, bytesPerSecond: bytes };
}
