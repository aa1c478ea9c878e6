/** A message as receivers get it, for tests of the ways it goes. */
import type { AlertMessage } from '../alert.ts';

export function alertMessage(): AlertMessage {
  const counts = { raised: 1, worse: 0, better: 0, resolved: 0, lasts: 0 };
  const place = { node: 'agent/1', nodeKind: 'agent' as const, name: 'web1', owners: ['shop'] };
  const item = {
    ...place,
    key: 'a-key',
    kind: 'agent-silent',
    level: 'red' as const,
    reason: 'web1 is silent',
    sinceMs: 0,
    change: 'raised' as const,
  };
  return {
    id: 'an-id',
    site: 'main',
    siteId: 'ab'.repeat(16),
    atMs: 1000,
    isTest: false,
    items: [item],
    counts,
    standing: { red: 1, yellow: 0 },
  };
}
