/**
 * Where what was measured is kept: a contract, a contract test (measurement-store.contract.ts), and two implementations, a file of the hub's own or the
 * Redis of a site. It is no truth: what is lost of it is a hole in a chart, so nothing waits for it and a lost one begins anew.
 *
 * A chunk holds all series of one subject over a fixed stretch of time (charts/chunk.ts); `fine` ones for about a day, `coarse` ones for about a month.
 */

export const tiers = {
  fine: { stepMs: 10_000, chunkMs: 1_800_000, keptMs: 25 * 3_600_000 },
  coarse: { stepMs: 300_000, chunkMs: 6 * 3_600_000, keptMs: 31 * 86_400_000 },
} as const;
export type Tier = keyof typeof tiers;

export interface ChunkPlace {
  /** Id of an agent, or of the site. */
  readonly subject: string;
  readonly tier: Tier;
  /** A multiple of the tier's `chunkMs`. */
  readonly startMs: number;
}

export interface Chunk extends ChunkPlace {
  readonly bytes: Uint8Array;
}

/** A coarse chunk that is to be made, or made again, from fine ones. */
export interface RollPlace {
  readonly subject: string;
  readonly startMs: number;
}

/** Text that is kept of an agent. */
export interface AgentText {
  readonly agentId: string;
  readonly atMs: number;
  readonly json: string;
}

export interface MeasurementStore extends AsyncDisposable {
  /** Each takes the place of what was there. A fine one marks its coarse one as due. */
  write(chunks: readonly Chunk[]): Promise<void>;
  /** Those that begin at `fromMs` or later and before `toMs`, in order. */
  read(of: Omit<ChunkPlace, 'startMs'>, range: { readonly fromMs: number; readonly toMs: number }): Promise<readonly Chunk[]>;
  /** Marked coarse chunks that begin before `beforeMs`, up to so many. */
  due(beforeMs: number, limit: number): Promise<readonly RollPlace[]>;
  /** They are made: not due any more. */
  rolled(places: readonly RollPlace[]): Promise<void>;
  /** Of each agent the newest are kept, up to `eventsPerAgent`. */
  addEvents(events: readonly AgentText[]): Promise<void>;
  /** The newest first. */
  events(agentId: string, range: { readonly skip: number; readonly limit: number }): Promise<readonly AgentText[]>;
  /** The newest of each agent is kept. */
  putStates(states: readonly AgentText[]): Promise<void>;
  states(): Promise<readonly AgentText[]>;
  /** Drops what is too old, then the oldest chunks until all of them fit into `bytesMax`. Resolves with how many bytes chunks take then. */
  trim(limits: { readonly nowMs: number; readonly bytesMax: number }): Promise<number>;
}

export function chunkStart(tier: Tier, atMs: number): number {
  return Math.floor(atMs / tiers[tier].chunkMs) * tiers[tier].chunkMs;
}
