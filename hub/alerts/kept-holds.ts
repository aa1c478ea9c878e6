/**
 * Silences and acknowledgements as they are kept: one value of the registry, JSON. Each tenant has room of its own, and the site has, which what tenants keep together
 * leaves alone.
 *
 * Hubs of several versions write it. What this one does not know of it is stored as it was: a field, a hold that it cannot read. Where it can read nothing of it
 * nothing is held, so that people are told too much rather than too little, and nothing is stored over it.
 */
import { assert } from '@tributary/shared/assert.ts';
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
const silence = z.looseObject({
  id: z.string(),
  ...common,
  /** Undefined: also what is of the site, or of any tenant. */
  tenant: z.string().optional(),
  /** Absent: from when it was made. */
  fromMs: z.number().optional(),
  untilMs: z.number(),
});
const acknowledgement = z.looseObject({
  ...common,
  /** Whose room it takes; undefined: the node is of the site, or of several. */
  tenant: z.string().optional(),
  /** What gets worse than this is told again. */
  level,
  untilMs: z.number().optional(),
});
const storedHolds = z.looseObject({ silences: z.array(z.unknown()), acknowledgements: z.array(z.unknown()) });

type Stored = z.output<typeof storedHolds>;
export type Silence = z.output<typeof silence>;
export type Acknowledgement = z.output<typeof acknowledgement>;

export interface Kept {
  readonly silences: readonly Silence[];
  readonly acknowledgements: readonly Acknowledgement[];
}

const nothing: Stored = { silences: [], acknowledgements: [] };

export class ReadHolds {
  readonly text: string | undefined;
  readonly kept: Kept;
  /** Why less is held than is stored; undefined: all of it is. */
  readonly problem: string | undefined;
  /** False: nothing of it is known, and nothing may be stored over it. */
  readonly isReadable: boolean;
  readonly #stored: Stored;
  readonly #unread: Stored;
  readonly #silences: ReadonlyMap<string | undefined, readonly Silence[]>;
  readonly #acknowledgements: ReadonlyMap<string, Acknowledgement>;

  constructor(text: string | undefined) {
    this.text = text;
    const stored = storedOf(text);
    this.isReadable = stored !== undefined;
    this.#stored = stored ?? nothing;
    const silences = readEach(silence, this.#stored.silences);
    const acknowledgements = readEach(acknowledgement, this.#stored.acknowledgements);
    this.kept = { silences: silences.read, acknowledgements: acknowledgements.read };
    this.#unread = { silences: silences.unread, acknowledgements: acknowledgements.unread };
    this.problem = problemOf(stored, this.#unread);
    this.#silences = Map.groupBy(this.kept.silences, ({ tenant }) => tenant);
    this.#acknowledgements = new Map(this.kept.acknowledgements.map((one) => [keyOf(one), one]));
  }

  /** What is to be stored where these are kept from now on. */
  textWith({ silences, acknowledgements }: Kept): string {
    assert(this.isReadable, 'what cannot be read is not written over');
    // Where two are of one finding the last one counts.
    return JSON.stringify({
      ...this.#stored,
      silences: [...this.#unread.silences, ...silences],
      acknowledgements: [...this.#unread.acknowledgements, ...acknowledgements],
    });
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

function storedOf(text: string | undefined): Stored | undefined {
  if (text === undefined) return nothing;
  try {
    return storedHolds.parse(JSON.parse(text));
  } catch {
    return undefined;
  }
}

function readEach<Hold>(shape: z.ZodType<Hold>, all: readonly unknown[]): { readonly read: Hold[]; readonly unread: unknown[] } {
  const read: Hold[] = [];
  const unread: unknown[] = [];
  for (const one of all) {
    const { success, data } = shape.safeParse(one);
    if (success) read.push(data);
    else unread.push(one);
  }
  return { read, unread };
}

function problemOf(stored: Stored | undefined, { silences, acknowledgements }: Stored): string | undefined {
  if (stored === undefined) return 'what is stored of them is damaged, or of a newer hub of this site';
  if (silences.length + acknowledgements.length === 0) return undefined;
  return `${silences.length} silences and ${acknowledgements.length} acknowledgements are damaged, or of a newer hub of this site: they are kept as they are`;
}
