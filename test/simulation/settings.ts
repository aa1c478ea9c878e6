import type { Random } from '../harness/random.ts';

/** What one run is like; all of it follows from the seed. */
export interface Settings {
  readonly sources: number;
  readonly channels: number;
  readonly lengthMax: number;
  readonly delayMsMax: number;
  readonly creditBytes: number;
  /** Acked batches the agent keeps. */
  readonly retained: number;
  readonly streamsMax: number;
  /** Frames go through the codec, as on a real connection. */
  readonly encoded: boolean;
  readonly faults: readonly Fault[];
  readonly busyChance: number;
  readonly corruptChance: number;
  readonly damagedChance: number;
  readonly poisonChance: number;
}

export type Fault =
  | 'cut'
  | 'silence'
  | 'agent-crash'
  | 'site-crash'
  | 'drain'
  | 'credit'
  /** The site's store goes back to a backup, or is lost: while the hub lives (`live`), or with it. */
  | 'site-back'
  | 'site-back-live'
  | 'site-lost'
  /** The agent's buffer goes back to a backup, or is lost. */
  | 'agent-back'
  | 'agent-lost';

const common: readonly Fault[] = ['cut', 'cut', 'silence', 'agent-crash', 'site-crash', 'drain', 'credit'];

/**
 * Each run loses the memory of at most one end: of two, nobody can tell what was. The three families are run equally often.
 */
export function drawSettings(random: Random): Settings {
  const family = random.below(3);
  const faults: Fault[] = [...common];
  if (family === 1) faults.push('site-back', 'site-back-live', 'site-lost');
  if (family === 2) faults.push('agent-back', 'agent-lost');
  return {
    sources: random.between(1, 5),
    channels: random.between(1, 2),
    lengthMax: random.between(50, 1500),
    delayMsMax: random.pick([1, 5, 40]),
    creditBytes: random.pick([0, 30, 200, 5000]),
    retained: random.pick([0, 3, 1000]),
    streamsMax: random.pick([8, 64]),
    encoded: random.chance(0.2),
    faults: random.chance(0.1) ? [] : faults,
    busyChance: random.pick([0, 0, 0.05]),
    corruptChance: random.pick([0, 0, 0.03]),
    damagedChance: random.pick([0, 0, 0.02]),
    poisonChance: random.pick([0, 0, 0.5]),
  };
}
