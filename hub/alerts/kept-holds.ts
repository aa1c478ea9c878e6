/**
 * Silences and acknowledgements as they are kept: one value of the registry, JSON. Each tenant has room of its own, and the site has, which what tenants keep together
 * leaves alone.
 */
import * as z from 'zod';
import type { HealthCause } from '../dashboard/api/health-shapes.ts';
import type { Owners } from '../health/model/tree.ts';
import { acknowledgementsMax, silencesMax, tenantHoldsBytesMax } from './limits.ts';

const level = z.enum(['yellow', 'red', 'unknown']) satisfies z.ZodType<HealthCause['level']>;
const common = {
  node: z.string(),
  finding: z.string(),
  by: z.string(),
  note: z.string(),
  atMs: z.number(),
};
const silence = z.strictObject({
  id: z.string(),
  ...common,
  /** Undefined: also what is of the site, or of any tenant. */
  tenant: z.string().optional(),
  untilMs: z.number(),
});
const acknowledgement = z.strictObject({
  ...common,
  /** Whose room it takes; undefined: the node is of the site, or of several. */
  tenant: z.string().optional(),
  /** What gets worse than this is told again. */
  level,
  untilMs: z.number().optional(),
});
const storedHolds = z.strictObject({ silences: z.array(silence), acknowledgements: z.array(acknowledgement) });

export type Silence = z.output<typeof silence>;
export type Acknowledgement = z.output<typeof acknowledgement>;

export interface Kept {
  readonly silences: readonly Silence[];
  readonly acknowledgements: readonly Acknowledgement[];
}

export class ReadHolds {
  readonly text: string | undefined;
  readonly kept: Kept;
  readonly #silences: ReadonlyMap<string | undefined, readonly Silence[]>;
  readonly #acknowledgements: ReadonlyMap<string, Acknowledgement>;

  constructor(text: string | undefined) {
    this.text = text;
    this.kept = keptOf(text);
    this.#silences = Map.groupBy(this.kept.silences, ({ tenant }) => tenant);
    this.#acknowledgements = new Map(this.kept.acknowledgements.map((one) => [keyOf(one), one]));
  }

  /** Those that may be of what has these owners. A tenant's are of what is its alone. */
  silencesOf(owners: Owners): readonly Silence[] {
    const ofAll = this.#silences.get(undefined) ?? [];
    if (owners === 'site') return ofAll;
    const [owner] = owners;
    const own = owner === undefined || owners.some((other) => other !== owner) ? [] : (this.#silences.get(owner) ?? []);
    return [...ofAll, ...own];
  }

  acknowledgementOf(about: Pick<Acknowledgement, 'node' | 'finding'>): Acknowledgement | undefined {
    return this.#acknowledgements.size === 0 ? undefined : this.#acknowledgements.get(keyOf(about));
  }
}

export function keyOf({ node, finding }: Pick<Acknowledgement, 'node' | 'finding'>): string {
  return `${node}\n${finding}`;
}

/** Why there is no room for what a tenant, or the site, is to keep; undefined: there is. */
export function roomProblem(kept: Kept, tenant: string | undefined): string | undefined {
  const isOwn = (one: Silence | Acknowledgement): boolean => one.tenant === tenant;
  const whose = tenant === undefined ? 'of the site' : `of ${tenant}`;
  if (kept.silences.filter(isOwn).length > silencesMax) return `there are ${silencesMax} silences ${whose}: end one of them`;
  if (kept.acknowledgements.filter(isOwn).length > acknowledgementsMax)
    return `${acknowledgementsMax} findings ${whose} are acknowledged: silence them instead`;
  if (tenant === undefined) return undefined;
  const ofTenants = [...kept.silences, ...kept.acknowledgements].filter((one) => one.tenant !== undefined);
  if (Buffer.byteLength(JSON.stringify(ofTenants)) <= tenantHoldsBytesMax) return undefined;
  return 'tenants have silenced and acknowledged as much as this site keeps: end what is not needed any more';
}

function keptOf(text: string | undefined): Kept {
  const nothing = { silences: [], acknowledgements: [] };
  try {
    return text === undefined ? nothing : storedHolds.parse(JSON.parse(text));
  } catch {
    return nothing;
  }
}
