/** Names of the places in the tree of health: what the API shows, links keep and rules use. */
import type { ChannelName, Id } from '@tributary/protocol/messages.ts';
import type { TopicName } from '../../queue/queue.ts';

export type NodeId = string;

export const siteNode: NodeId = 'site';
export const storeNode: NodeId = 'store';
export const agentsNode: NodeId = 'agents';

export function hubNode(hubId: Id): NodeId {
  return `hub/${hubId}`;
}

/** `name`: `agents`, `http`, `push HOST:PORT`, `beats NAME`. */
export function listenerNode(hubId: Id, name: string): NodeId {
  return `hub/${hubId}/listener/${name}`;
}

export function channelNode(channel: ChannelName): NodeId {
  return `channel/${channel}`;
}

export function topicNode(topic: TopicName): NodeId {
  return `topic/${topic}`;
}

export function outputNode(name: string): NodeId {
  return `output/${name}`;
}

export function agentNode(agentId: Id): NodeId {
  return `agent/${agentId}`;
}

export function inputNode(agentId: Id, input: string): NodeId {
  return `agent/${agentId}/input/${input}`;
}

export function lowerSiteNode(siteId: Id): NodeId {
  return `site/${siteId}`;
}

/** A node of a site below, as that one calls it. */
export function innerNode(siteId: Id, id: NodeId): NodeId {
  return id === siteNode ? lowerSiteNode(siteId) : `${lowerSiteNode(siteId)}/${id}`;
}

/** Of a site below, or in it: that one has looked at it, and looks for what changes there. */
export function isInner(node: NodeId): boolean {
  return node.startsWith('site/') && node.indexOf('/', 'site/'.length) !== -1;
}
