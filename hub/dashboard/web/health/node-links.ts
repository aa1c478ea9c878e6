/** Where the page tells more of a node of the health tree. */
import type { NodeKind } from '../../api/health-shapes.ts';

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

/** What a node is, by its id: `hub/<id>/listener/http` is a listener, `agent/<id>` an agent. */
export function kindNameOf(nodeId: string): string {
  const [, inner] = /^(?:hub|agent)\/[^/]+\/(listener|input)\//.exec(nodeId) ?? [];
  const kind = inner ?? nodeId.split('/')[0];
  return Object.entries(kindNames).find(([known]) => known === kind)?.[1] ?? '';
}
