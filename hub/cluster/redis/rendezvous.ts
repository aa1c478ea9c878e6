/** Who works on which partition: the hub whose draw for it is the greatest, so that a hub that comes or goes moves only its share. */
import { createHash } from 'node:crypto';
import type { Id } from '@tributary/protocol/messages.ts';

/** The partitions of `own`; none where it is not among `hubs`. */
export function partitionsOf(own: Id, hubs: readonly Id[], partitions: number): ReadonlySet<number> {
  const all = Array.from({ length: partitions }, (_, partition) => partition);
  return new Set(all.filter((partition) => ownerOf(partition, hubs) === own));
}

function ownerOf(partition: number, hubs: readonly Id[]): Id | undefined {
  let best: { readonly hub: Id; readonly draw: string } | undefined;
  for (const hub of hubs) {
    const draw = createHash('sha256').update(`${partition} ${hub}`).digest('hex');
    if (best === undefined || draw > best.draw) best = { hub, draw };
  }
  return best?.hub;
}
