/** Colours and their order: from good to bad green, unknown, yellow, red. */
import type { HealthCause, HealthState } from '../../dashboard/api/health-shapes.ts';

const rank: Readonly<Record<HealthState, number>> = { green: 0, unknown: 1, yellow: 2, red: 3 };

export function rankOf(state: HealthState): number {
  return rank[state];
}

export function isWorse(one: HealthState, than: HealthState): boolean {
  return rank[one] > rank[than];
}

export function worstOf(states: readonly HealthState[]): HealthState {
  return states.reduce<HealthState>((worst, state) => (isWorse(state, worst) ? state : worst), 'green');
}

/** The worst first, then what has been for longest. */
export function byGravity(one: HealthCause, other: HealthCause): number {
  return rank[other.level] - rank[one.level] || one.sinceMs - other.sinceMs;
}
