/** The state of an agent as text: in the store, and to the other hubs. */
import * as z from 'zod';
import { type Sample, seriesNames } from '../series.ts';
import type { AgentState } from './agent-states.ts';
import { measuredOf } from './measured-shape.ts';

const values = z.partialRecord(z.enum(seriesNames), z.number());
const stored = z.object({
  siteId: z.string(),
  agentId: z.string(),
  tenant: z.string(),
  host: z.string(),
  version: z.string(),
  labels: z.record(z.string(), z.string()),
  heardMs: z.number(),
  measuredMs: z.number().optional(),
  measured: z.unknown().optional(),
  sample: values,
});

export function stateText(state: AgentState): string {
  const { siteId, agentId, tenant, host, version, labels, heardMs, measuredMs, measured, files, sample } = state;
  const told = measured === undefined ? undefined : { ...measured, files };
  return JSON.stringify({ siteId, agentId, tenant, host, version, labels, heardMs, measuredMs, measured: told, sample });
}

/** Undefined: it is of another version, or no such text. */
export function parseState(json: string): AgentState | undefined {
  let parsed: unknown;
  try {
    parsed = JSON.parse(json);
  } catch {
    return undefined;
  }
  const result = stored.safeParse(parsed);
  if (!result.success) return undefined;
  const { measuredMs, measured: told, sample, ...rest } = result.data;
  const measured = measuredOf(told);
  return { ...rest, measuredMs, measured, files: measured?.files ?? [], sample: known(sample) };
}

function known(sample: z.output<typeof values>): Sample {
  return Object.fromEntries(Object.entries(sample).filter(([, value]) => value !== undefined));
}
