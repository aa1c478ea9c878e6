/** Where the page tells more of a node of the health tree. */
import type { NodeKind } from '../../api/health-shapes.ts';
import { withQuery } from '../data/api.ts';

export const kindNames: Readonly<Record<NodeKind, string>> = {
  site: 'Site',
  hub: 'Hub',
  store: 'Store',
  channel: 'Channel',
  topic: 'Topic',
  output: 'Output',
  agents: 'Agents',
  agent: 'Agent',
  input: 'Input',
  listener: 'Listener',
};

/** Agents have a page; everything else is told by a window over the overview. */
export function nodeHref(nodeId: string): string {
  const [, agentId] = /^agent\/([^/]+)/.exec(nodeId) ?? [];
  if (agentId !== undefined) return `/agents/${encodeURIComponent(agentId)}`;
  return `/?node=${encodeURIComponent(nodeId)}`;
}

/** What else there is of a channel, or of one of its topics: of others nothing. */
export function channelWays(nodeId: string): readonly (readonly [text: string, href: string])[] {
  const [, tenant, type] = /^(?:channel|topic\/(?:front|back))\/([^/]+)\/([^/]+)$/.exec(nodeId) ?? [];
  if (tenant === undefined || type === undefined) return [];
  return [
    ['Search its lines', withQuery('/search', { tenant, type })],
    ['Its pipeline', withQuery(`/pipelines/${encodeURIComponent(type)}`, { tenant })],
    ['Its readers', '/admin/channels'],
  ];
}

/** What a node is, by its id: `hub/<id>/listener/http` is a listener, `agent/<id>` an agent. */
export function kindNameOf(nodeId: string): string {
  const [, inner] = /^(?:hub|agent)\/[^/]+\/(listener|input)\//.exec(nodeId) ?? [];
  const kind = inner ?? nodeId.split('/')[0];
  return Object.entries(kindNames).find(([known]) => known === kind)?.[1] ?? '';
}
