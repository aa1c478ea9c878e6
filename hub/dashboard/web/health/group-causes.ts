/** What is wrong, as a person reads it: the worst first, and forty agents with the same trouble as one line. */
import type { HealthCause, HealthNode } from '../../api/health-shapes.ts';

export interface WrongThing {
  readonly node: HealthNode;
  readonly cause: HealthCause;
}

export interface WrongGroup {
  readonly kind: string;
  readonly level: HealthCause['level'];
  /** Since the first of them. */
  readonly sinceMs: number;
  readonly things: readonly WrongThing[];
}

const order: readonly HealthCause['level'][] = ['red', 'yellow', 'unknown'];

export function groupCauses(nodes: readonly HealthNode[]): WrongGroup[] {
  const things = nodes.flatMap((node) => (node.own === 'green' ? [] : node.causes.map((cause) => ({ node, cause }))));
  const groups = Map.groupBy(things, ({ node, cause }) => `${cause.level} ${isHeld(cause)} ${cause.kind} ${node.kind}`);
  return [...groups.values()]
    .flatMap((group) => {
      const sorted = group.toSorted((a, b) => a.cause.sinceMs - b.cause.sinceMs);
      const [first] = sorted;
      if (first === undefined) return [];
      const { kind, level, sinceMs } = first.cause;
      return [{ kind, level, sinceMs, things: sorted }];
    })
    .toSorted((a, b) => weight(a) - weight(b) || b.sinceMs - a.sinceMs);
}

/** What somebody takes care of already, or nobody wants to hear of, comes behind the rest. */
function weight({ level, things }: WrongGroup): number {
  return order.indexOf(level) + (things.every(({ cause }) => isHeld(cause)) ? order.length : 0);
}

function isHeld({ acknowledged, silenced }: HealthCause): boolean {
  return acknowledged !== undefined || silenced !== undefined;
}
