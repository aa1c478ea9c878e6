/**
 * Which node a finding is at: one table, so that a kind of finding without a place does not compile. A place is tried after the other,
 * and the first one that is in the tree has it; the site has what no other node has.
 */
import type { Id } from '@tributary/protocol/messages.ts';
import type { FindingKind } from '../findings.ts';
import {
  agentNode,
  agentsNode,
  channelNode,
  hubNode,
  inputNode,
  listenerNode,
  lowerSiteNode,
  type NodeId,
  outputNode,
  siteNode,
  storeNode,
  topicNode,
} from './node-ids.ts';

export interface PlacedSubject {
  readonly subject: string;
  /** The hub that tells it. */
  readonly hubId: Id;
  readonly channels: readonly string[];
}

/** Each is another node that has it; of the places of one node the first that is in the tree. */
type Places = readonly (readonly NodeId[])[];
type Place = (about: PlacedSubject) => Places;

const atHub: Place = ({ hubId }) => [[hubNode(hubId)]];
const atSite: Place = () => [[siteNode]];
const atStore: Place = () => [[storeNode]];
const atOutput: Place = ({ subject }) => [[outputNode(subject)]];
const atChannel: Place = ({ subject }) => [[channelNode(firstWord(subject))]];
/** The subject begins with the topic's name. A topic is in the tree with its channel. */
const atTopic: Place = ({ subject }) => [[topicNode(firstWord(subject)), channelNode(channelOfTopic(firstWord(subject)))]];
const atAgent: Place = ({ subject }) => [[agentNode(firstWord(subject)), agentsNode]];
const atLowerSite: Place = ({ subject }) => [[lowerSiteNode(subject)]];
/** `<agent> <input>`, or `<agent> <input>: <what of it>`. */
const atInput: Place = ({ subject }) => {
  const agentId = firstWord(subject);
  const parts = subject.slice(agentId.length + 1).split(': ');
  const inputs = parts.map((_, index) => inputNode(agentId, parts.slice(0, parts.length - index).join(': ')));
  return [[...inputs, agentNode(agentId), agentsNode]];
};
/** `<hub> <name>`. */
const atListener: Place = ({ subject }) => {
  const hubId = firstWord(subject);
  return [[listenerNode(hubId, subject.slice(hubId.length + 1)), hubNode(hubId)]];
};
/** `<key> of <Redis>`. */
const atBeats: Place = ({ subject, hubId }) => [
  [listenerNode(hubId, `beats ${subject.slice(0, subject.lastIndexOf(' of '))}`), hubNode(hubId)],
];
/** All channels of a log type: a pipeline is named after what it is for. */
const atChannelsOfType: Place = ({ subject, channels }) =>
  orSite(channels.filter((channel) => channel.endsWith(`/${firstWord(subject)}`)));
const atChannelsOfTenant: Place = ({ subject, channels }) =>
  orSite(channels.filter((channel) => channel.startsWith(`${subject}/`)));

const places: Readonly<Record<FindingKind, Place>> = {
  // `listeners.push[1] 10.1.2.3:80`
  'plaintext-listener': ({ subject, hubId }) => {
    const [option = '', address = ''] = subject.split(' ');
    const name = option.startsWith('listeners.push') ? `push ${address}` : option.slice('listeners.'.length);
    return [[listenerNode(hubId, name), hubNode(hubId)]];
  },
  'certificate-expires': atHub,
  'certificate-unusable': atHub,
  'agent-cloned': atAgent,
  'open-service': atSite,
  // `shop/web drop 1000`, or `shop/* …` of all types.
  'quota-exceeded': (about) => {
    const name = firstWord(about.subject);
    return name.endsWith('/*') ? atChannelsOfTenant({ ...about, subject: name.slice(0, -2) }) : atChannel(about);
  },
  'too-many-types': atChannelsOfTenant,
  'too-many-streams': atAgent,
  'store-trouble': atStore,
  'channel-paused': atTopic,
  'channel-unread': atTopic,
  'retention-exceeded': atTopic,
  'output-removed': atStore,
  'dead-letters': atChannel,
  'dead-letters-full': ({ subject }) => [[channelNode(channelOfTopic(firstWord(subject)))]],
  'dead-entries': atStore,
  'books-unbalanced': atChannel,
  'housekeeping-failed': atSite,
  configuration: atHub,
  'pipeline-refused': atChannelsOfType,
  'pipeline-step-off': atChannelsOfType,
  'pipeline-step': atChannelsOfType,
  'pipelines-differ': atSite,
  'redaction-stuck': atHub,
  'archive-waits': atOutput,
  'elasticsearch-away': atOutput,
  'elasticsearch-refuses': atOutput,
  'elasticsearch-volatile': atOutput,
  'elasticsearch-shards': atOutput,
  'elasticsearch-setup': atOutput,
  'upstream-away': atOutput,
  'upstream-rejects': atOutput,
  'upstream-certificate': atOutput,
  'site-loop': atLowerSite,
  'beats-redis-away': atBeats,
  'beats-redis-aside': atBeats,
  'agent-silent': atAgent,
  'agent-mute': atAgent,
  'agent-input': atInput,
  'agent-source': atInput,
  'agent-buffer': atAgent,
  'agent-backlog': atInput,
  'agent-trouble': atAgent,
  'agent-lost': atInput,
  'agent-unbalanced': atAgent,
  'agent-certificate': atAgent,
  'agent-disk': atAgent,
  'agent-memory': atAgent,
  'clock-skew': atAgent,
  // `agent <id>`, or `hub <id>`.
  'version-skew': ({ subject }) => [[subject.replace(' ', '/')]],
  'channel-silent': atChannel,
  'listener-silent': atListener,
  'source-silent': atInput,
  lag: atTopic,
  stuck: atTopic,
  'queue-filling': atStore,
  'topic-filling': atTopic,
  'queue-aging': atTopic,
  'listener-errors': atListener,
  'listener-closed': atListener,
  'output-errors': atOutput,
  'output-behind': atOutput,
  'disk-filling': atHub,
  'archive-disk-filling': atOutput,
  memory: atHub,
  'hub-silent': ({ subject }) => [[hubNode(subject)]],
  'alert-undelivered': atSite,
  'heartbeat-undelivered': atSite,
  // `shop/web: name`
  'content-alert': ({ subject }) => [[channelNode(subject.split(': ')[0] ?? '')]],
  'canary-missing': atAgent,
  'site-silent': atLowerSite,
  // `shop in elastic`
  'platform-unreadable': ({ subject }) => [[channelNode(`${firstWord(subject)}/platform`)]],
};

/** All there are, as a list. */
export const findingKinds = kindsOf(places);

/** What this site finds of one below, and that one does not know. */
export function isOfLowerSite(kind: string): boolean {
  return findingKinds.some((known) => known === kind && places[known] === atLowerSite);
}

/** What is said of a hub or an agent that left says nothing of the site. */
const leavesWithNode: ReadonlySet<FindingKind> = new Set(['version-skew']);

/** Where it is, among the nodes that there are. */
export function nodesOf(kind: FindingKind, about: PlacedSubject, has: (node: NodeId) => boolean): NodeId[] {
  const elsewhere = leavesWithNode.has(kind) ? [] : [siteNode];
  return places[kind](about).flatMap((candidates) => candidates.find(has) ?? elsewhere);
}

function orSite(channels: readonly string[]): Places {
  return channels.length === 0 ? [[siteNode]] : channels.map((channel) => [channelNode(channel)]);
}

function firstWord(text: string): string {
  const end = text.indexOf(' ');
  return end === -1 ? text : text.slice(0, end);
}

/** Of any kind of topic: `front/shop/web`, `dead/shop/web`. */
function channelOfTopic(topic: string): string {
  return topic.slice(topic.indexOf('/') + 1);
}

function kindsOf(table: Readonly<Record<FindingKind, Place>>): FindingKind[] {
  const isKind = (name: string): name is FindingKind => name in table;
  return Object.keys(table).filter(isKind);
}
