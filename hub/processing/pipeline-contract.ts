/** The calls of a pipeline's thread. */
import type { BatchEntry, Processed } from './batch-entry.ts';
import type { CallTerms } from './call-terms.ts';

/** The entries' bodies travel as one, one after the other: to move many small ones costs more than to copy them. */
export interface ProcessArgument extends CallTerms {
  readonly entries: readonly (Omit<BatchEntry, 'body'> & { readonly bodyBytes: number })[];
  readonly bodies: Uint8Array;
}

export type PipelineContract = {
  readonly process: { readonly argument: ProcessArgument; readonly result: Processed };
};

export function argumentOf(entries: readonly BatchEntry[], terms: CallTerms): ProcessArgument {
  const [first, ...others] = entries;
  const bodies = first !== undefined && others.length === 0 ? first.body : joined(entries);
  const described = entries.map(({ records, inflatedBytes, segments, trims, receivedMs, body }) => {
    return { records, inflatedBytes, segments, trims, receivedMs, bodyBytes: body.length };
  });
  return { ...terms, entries: described, bodies };
}

export function entriesOf({ entries, bodies }: Pick<ProcessArgument, 'entries' | 'bodies'>): readonly BatchEntry[] {
  let offset = 0;
  return entries.map(({ bodyBytes, ...entry }) => {
    offset += bodyBytes;
    return { ...entry, body: bodies.subarray(offset - bodyBytes, offset) };
  });
}

/** In memory of its own, which can move to the thread. */
function joined(entries: readonly BatchEntry[]): Uint8Array {
  const bodies = new Uint8Array(entries.reduce((sum, { body }) => sum + body.length, 0));
  let offset = 0;
  for (const { body } of entries) {
    bodies.set(body, offset);
    offset += body.length;
  }
  return bodies;
}
