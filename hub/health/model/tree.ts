/**
 * The tree of health without its colours: site → hubs with their listeners, store, channels with their topics, outputs, agents with their
 * inputs, and the sites below. A parent comes before its children.
 */
import type { Id } from '@tributary/protocol/messages.ts';
import type { NodeKind } from '../../dashboard/api/health-shapes.ts';
import { channelOf, isKeptUnread, keptUnread, platformTopic, type TopicName } from '../../queue/queue.ts';
import type { SiteView } from '../../sites/lower-sites.ts';
import type { HealthFacts, KnownAgent } from './facts.ts';
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

/** An agent and its inputs. */
interface Branch {
  readonly inputs: ReturnType<HealthFacts['inputsOf']>;
  readonly nodes: readonly [TreeNode, ...TreeNode[]];
}

/** The tree of what is known, made again and again: what is as it was stays the very same, as nearly all of it does of very many agents. */
export class Trees {
  #tree: ReadonlyMap<NodeId, TreeNode> = new Map();
  #branches: ReadonlyMap<Id, Branch> = new Map();

  /** The very tree of the last time where nothing in it has changed. */
  of(facts: HealthFacts): ReadonlyMap<NodeId, TreeNode> {
    const ids = new Set<NodeId>();
    const nodes: TreeNode[] = [];
    const add: Add = (node) => {
      // It may be told twice, and by who says of what is above it that it is gone.
      if (ids.has(node.id) || (node.parent !== undefined && !ids.has(node.parent))) return;
      ids.add(node.id);
      const before = this.#tree.get(node.id);
      nodes.push(before !== undefined && isSame(before, node) ? before : node);
    };
    addSiteParts(facts, add);
    addChannels(facts, add);
    add({ id: agentsNode, kind: 'agents', name: 'agents', parent: siteNode, ...ofSite });
    for (const branch of this.#branchesOf(facts)) nodes.push(...branch.nodes);
    for (const site of facts.sites) addSite(site, siteNode, add);
    return this.#keep(nodes);
  }

  #keep(nodes: readonly TreeNode[]): ReadonlyMap<NodeId, TreeNode> {
    const before = this.#tree.values();
    const isAsBefore = nodes.length === this.#tree.size && nodes.every((node) => node === before.next().value);
    if (!isAsBefore) this.#tree = new Map(nodes.map((node) => [node.id, node]));
    return this.#tree;
  }

  #branchesOf({ agents, inputsOf }: HealthFacts): Iterable<Branch> {
    const branches = new Map<Id, Branch>();
    for (const agent of agents) {
      const { agentId } = agent;
      branches.set(agentId, branchOf(agent, inputsOf(agentId), this.#branches.get(agentId)));
    }
    this.#branches = branches;
    return branches.values();
  }
}

function branchOf({ agentId, host, tenants }: KnownAgent, inputs: Branch['inputs'], before: Branch | undefined): Branch {
  const owners: Owners = tenants === 'all' || tenants.length === 0 ? 'site' : tenants;
  const known = before?.nodes[0];
  if (before !== undefined && known?.name === host && isSameList(known.owners, owners) && hasSameNames(before.inputs, inputs))
    return before;
  const parent = agentNode(agentId);
  const names = [...new Set(inputs.map(({ name }) => name))];
  return {
    inputs,
    nodes: [
      { id: parent, kind: 'agent', name: host, parent: agentsNode, owners },
      ...names.map((name): TreeNode => ({ id: inputNode(agentId, name), kind: 'input', name, parent, owners })),
    ],
  };
}

function hasSameNames(one: Branch['inputs'], other: Branch['inputs']): boolean {
  return one === other || (one.length === other.length && one.every(({ name }, index) => name === other[index]?.name));
}

function isSame(known: TreeNode, { kind, name, parent, owners }: TreeNode): boolean {
  return known.kind === kind && known.name === name && known.parent === parent && isSameList(known.owners, owners);
}

function isSameList(one: readonly string[] | 'site', other: readonly string[] | 'site'): boolean {
  if (one === other) return true;
  return one !== 'site' && one.length === other.length && one.every((text, index) => text === other[index]);
}

function addSiteParts({ site, hubs, listeners, outputs }: HealthFacts, add: Add): void {
  add({ id: siteNode, kind: 'site', name: site.name, parent: undefined, ...ofSite });
  for (const { hubId, host } of hubs) add({ id: hubNode(hubId), kind: 'hub', name: host, parent: siteNode, ...ofSite });
  for (const { hubId, name } of listeners) {
    add({ id: listenerNode(hubId, name), kind: 'listener', name, parent: hubNode(hubId), ...ofSite });
  }
  add({ id: storeNode, kind: 'store', name: 'store', parent: siteNode, ...ofSite });
  for (const { name } of outputs) add({ id: outputNode(name), kind: 'output', name, parent: siteNode, ...ofSite });
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
