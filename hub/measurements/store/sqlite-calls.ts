/** What the thread that owns `measurements.db` answers. */
import type { AgentText, Chunk, ChunkPlace, RollPlace } from './measurement-store.ts';

// oxlint-disable-next-line typescript/consistent-type-definitions -- an interface has no index signature, which ThreadContract asks for
export type SqliteCalls = {
  /** Before all others. `damage` was found in the file that is there. Answers why an earlier file was set aside; empty where none was. */
  readonly open: { readonly argument: { readonly folder: string; readonly damage: string }; readonly result: string };
  readonly write: { readonly argument: readonly Chunk[]; readonly result: void };
  readonly read: {
    readonly argument: Omit<ChunkPlace, 'startMs'> & { readonly fromMs: number; readonly toMs: number };
    readonly result: readonly Chunk[];
  };
  readonly due: {
    readonly argument: { readonly beforeMs: number; readonly limit: number };
    readonly result: readonly RollPlace[];
  };
  readonly rolled: { readonly argument: readonly RollPlace[]; readonly result: void };
  readonly addEvents: { readonly argument: readonly AgentText[]; readonly result: void };
  readonly events: {
    readonly argument: { readonly agentId: string; readonly skip: number; readonly limit: number };
    readonly result: readonly AgentText[];
  };
  readonly putStates: { readonly argument: readonly AgentText[]; readonly result: void };
  readonly states: { readonly argument: undefined; readonly result: readonly AgentText[] };
  readonly trim: { readonly argument: { readonly nowMs: number; readonly bytesMax: number }; readonly result: number };
};
