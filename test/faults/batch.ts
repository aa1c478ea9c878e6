/** Faults of one bed: the bed is made once, for as many of them as are wanted. */
import { requireTool, type ToolName } from '../harness/require.ts';
import type { Batch, Bed, Fault, FaultRow } from './fault.ts';
import { type FaultPlace, runFault } from './run-fault.ts';

export interface BatchParts<OfBed> {
  readonly bed: string;
  readonly about: string;
  readonly tools: readonly ToolName[];
  readonly open: () => Promise<OfBed>;
  readonly faults: readonly Fault<OfBed>[];
  /** How long each stands after its node has its colour; five seconds unless given. */
  readonly standsMs?: number;
}

export function batchOf<OfBed extends Bed>({
  bed: title,
  about,
  tools,
  open,
  faults,
  standsMs = 5000,
}: BatchParts<OfBed>): Batch {
  return {
    bed: title,
    about,
    faults,
    cannot: async () => {
      for (const tool of tools) {
        const reason = await requireTool(tool);
        if (reason !== undefined) return reason;
      }
      return undefined;
    },
    run: async (wanted, told) => {
      const chosen = faults.filter(({ name }) => wanted.has(name));
      if (chosen.length === 0) return;
      await using bed = await open();
      for (const fault of chosen) told(await tried({ bed: title, standsMs }, bed, fault));
    },
  };
}

/** What cannot be made, or repaired, is a fault that is not as it should be: the next ones are made all the same. */
async function tried<OfBed extends Bed>(about: FaultPlace, bed: OfBed, fault: Fault<OfBed>): Promise<FaultRow> {
  try {
    return await runFault(about, bed, fault);
  } catch (error) {
    const { name, node, colour } = fault;
    const problem = error instanceof Error ? error.message : String(error);
    const nothing = { secondsToColour: undefined, secondsBack: undefined, also: [], others: [], reason: '' };
    return { name, bed: about.bed, node, colour, ...nothing, late: [], problems: [problem, bed.tail()] };
  }
}
