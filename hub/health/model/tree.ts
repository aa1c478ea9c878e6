/**
 * The tree of health without its colours: site → hubs with their listeners, store, channels with their topics, outputs, agents with their
 * inputs, and the sites below. A parent comes before its children.
 */
import type { NodeKind } from '../../dashboard/api/health-shapes.ts';
import { channelOf, isKeptUnread, keptUnread, platformTopic, type TopicName } from '../../queue/queue.ts';
import type { SiteView } from '../../sites/lower-sites.ts';
import type { HealthFacts } from './facts.ts';
import {
  agentNode,
  agentsNode,
  channelNode,
  hubNode,
  innerNode,
  inputNode,
  listenerNode,
  lowerSiteNode,
  type NodeId,
  outputNode,
  siteNode,
  storeNode,
  topicNode,
} from './node-ids.ts';

/** Whose a node is: everybody's is the site's. */
export type Owners = readonly string[] | 'site';

export interface TreeNode {
  readonly id: NodeId;
  readonly kind: NodeKind;
  readonly name: string;
  /** Undefined of the topmost. */
  readonly parent: NodeId | undefined;
  readonly owners: Owners;
}

type Add = (node: TreeNode) => void;

const ofSite = { owners: 'site' } as const;

export function treeOf(facts: HealthFacts): ReadonlyMap<NodeId, TreeNode> {
  const tree = new Map<NodeId, TreeNode>();
  const add: Add = (node) => {
    if (!tree.has(node.id)) tree.set(node.id, node);
  };
  add({ id: siteNode, kind: 'site', name: facts.site.name, parent: undefined, ...ofSite });
  for (const { hubId, host } of facts.hubs) add({ id: hubNode(hubId), kind: 'hub', name: host, parent: siteNode, ...ofSite });
  for (const { hubId, name } of facts.listeners) {
    add({ id: listenerNode(hubId, name), kind: 'listener', name, parent: hubNode(hubId), ...ofSite });
  }
  add({ id: storeNode, kind: 'store', name: 'store', parent: siteNode, ...ofSite });
  for (const { name } of facts.outputs) add({ id: outputNode(name), kind: 'output', name, parent: siteNode, ...ofSite });
  addChannels(facts, add);
  addAgents(facts, add);
  for (const site of facts.sites) addSite(site, siteNode, add);
  return tree;
}

function addChannels({ queue }: HealthFacts, add: Add): void {
  for (const channel of channelsOf(queue)) {
    const owners = [channel.slice(0, channel.indexOf('/'))];
    add({ id: channelNode(channel), kind: 'channel', name: channel, parent: siteNode, owners });
  }
  for (const { topic } of [...queue.topics, ...queue.groups]) {
    const channel = channelOf(topic);
    if (!isOfChannel(topic)) continue;
    const owners = [channel.slice(0, channel.indexOf('/'))];
    const name = topic.slice(0, topic.indexOf('/'));
    add({ id: topicNode(topic), kind: 'topic', name: `${channel} ${name}`, parent: channelNode(channel), owners });
  }
}

/** Every channel of which anything is known. */
export function channelsOf({ channels, topics, groups }: HealthFacts['queue']): ReadonlySet<string> {
  const found = new Set(channels.map(({ channel }) => channel));
  for (const { topic } of [...topics, ...groups]) if (isOfChannel(topic)) found.add(channelOf(topic));
  return found;
}

/** What was refused is a matter of its channel, not of a topic of it. */
function isOfChannel(topic: TopicName): boolean {
  return topic !== platformTopic && !(isKeptUnread(topic) && topic.startsWith(keptUnread.dead));
}

function addAgents({ agents, inputs }: HealthFacts, add: Add): void {
  add({ id: agentsNode, kind: 'agents', name: 'agents', parent: siteNode, ...ofSite });
  const ownersOf = new Map<string, Owners>();
  for (const { agentId, host, tenants } of agents) {
    const owners = tenants === 'all' || tenants.length === 0 ? 'site' : tenants;
    ownersOf.set(agentId, owners);
    add({ id: agentNode(agentId), kind: 'agent', name: host, parent: agentsNode, owners });
  }
  for (const { agentId, input } of inputs) {
    const owners = ownersOf.get(agentId);
    if (owners === undefined) continue;
    add({ id: inputNode(agentId, input), kind: 'input', name: input, parent: agentNode(agentId), owners });
  }
}

function addSite({ site, siteId, state, sites, health }: SiteView, parent: NodeId, add: Add): void {
  const id = lowerSiteNode(siteId);
  add({ id, kind: 'site', name: site, parent, ...ofSite });
  const known = new Set([siteNode]);
  for (const node of state === 'unknown' ? [] : (health?.nodes ?? [])) {
    const above = node.parent ?? siteNode;
    // What it says of itself is believed by nobody: a node hangs at one that came before it.
    if (node.id === siteNode || known.has(node.id) || !known.has(above)) continue;
    known.add(node.id);
    add({ id: innerNode(siteId, node.id), kind: node.kind, name: node.name, parent: innerNode(siteId, above), ...ofSite });
  }
  for (const below of sites) addSite(below, id, add);
}
