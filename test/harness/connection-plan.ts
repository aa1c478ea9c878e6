import type { LaneFaults } from './lane.ts';
import type { Random } from './random.ts';

/** How a connection is to end by the proxy's doing; without one it lives until one of its ends closes it. */
export type Ending =
  /** Both sides are reset once so many bytes came from the agent: nearly always in the middle of a frame. */
  | { readonly kind: 'cut' | 'drop'; readonly afterBytes: number }
  /** The agent's side is closed, the hub's stays open, and what the agent had sent arrives there after its next connection. */
  | { readonly kind: 'hold'; readonly afterBytes: number };

export interface ConnectionPlan {
  readonly toHub: LaneFaults;
  readonly toAgent: LaneFaults;
  readonly ending?: Ending;
}

export function cleanPlan(): ConnectionPlan {
  return { toHub: {}, toAgent: {} };
}

/** A mixture in which most connections live for a while and every kind of fault comes up. */
export function randomPlan(random: Random): ConnectionPlan {
  const toHub: LaneFaults = {
    delayMs: random.between(2, 20),
    ...(random.chance(0.2) ? { bytesPerSecondMax: random.between(300, 3000) * 1024 } : {}),
    ...(random.chance(0.15) ? { stall: { afterBytes: random.between(50, 2000) * 1024, forMs: random.between(50, 800) } } : {}),
  };
  // Late acks keep several batches in flight.
  const toAgent: LaneFaults = {
    delayMs: random.between(5, 60),
    ...(random.chance(0.1) ? { stall: { afterBytes: random.between(1, 20) * 100, forMs: random.between(50, 800) } } : {}),
  };
  if (!random.chance(0.5)) return { toHub, toAgent };
  const afterBytes = random.between(20, 1500) * 1024 + random.below(1024);
  return { toHub, toAgent, ending: { kind: random.pick(['cut', 'drop', 'hold'] as const), afterBytes } };
}
