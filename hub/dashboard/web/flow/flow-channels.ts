/** Which topics the map shows, and in what order: what is wrong stands above, and of very many that are good the busiest are there. */
import type { FlowAnswer, HealthState } from '../../api/health-shapes.ts';

type Channel = FlowAnswer['channels'][number];

export const shownAtFirst = 40;

const worstFirst: readonly HealthState[] = ['red', 'yellow', 'unknown', 'green'];

/** Those with the same state keep the order that they have: nothing jumps while one looks. */
export function shownChannels(channels: readonly Channel[], most: number): Channel[] {
  const sorted = channels.toSorted((one, other) => worstFirst.indexOf(one.state) - worstFirst.indexOf(other.state));
  if (sorted.length <= most) return sorted;
  const good = sorted.filter(({ state }) => state === 'green');
  const busiest = good.toSorted((one, other) => other.received.recordsPerSecond - one.received.recordsPerSecond);
  const left = new Set(busiest.slice(Math.max(0, most - (sorted.length - good.length))));
  return sorted.filter((channel) => !left.has(channel));
}
