/**
 * A site's present health as it tells its upstream, with that of the sites below it: so the top knows of all. Whoever reads one trusts
 * nothing of it: it is checked, bounded, and what it says of itself is shown as it is and believed by nobody.
 */
import * as z from 'zod';
import { nodeKind, stateCounts } from '../dashboard/api/health-shapes.ts';
import {
  agentsToldMax,
  causesToldMax,
  changesToldMax,
  findingsToldMax,
  groupsToldMax,
  hubsToldMax,
  levelsMax,
  nodesToldMax,
  sitesBelowMax,
} from './limits.ts';

const id = z.string().regex(/^[0-9a-f]{32}$/);
const text = z.string().max(1024);
const count = z.int().min(0);
const time = z.number().min(0);

const state = z.enum(['green', 'yellow', 'red', 'unknown']);
/** The part of its tree of health that is not green: nodes with a trouble, and those above them; what changed lately, the newest first. */
const health = z.object({
  nodes: z
    .array(
      z.object({
        id: text,
        kind: nodeKind,
        name: text,
        parent: text.optional(),
        causes: z
          .array(
            z.object({ kind: text, subject: text, level: z.enum(['yellow', 'red', 'unknown']), reason: text, sinceMs: time }),
          )
          .max(causesToldMax),
      }),
    )
    .max(nodesToldMax),
  counts: z.partialRecord(nodeKind, stateCounts),
  changes: z
    .array(z.object({ id: text, node: text, name: text, from: state, to: state, reason: text, atMs: time }))
    .max(changesToldMax),
});
export type SiteHealth = z.output<typeof health>;

const own = z.object({
  site: text,
  siteId: id,
  hubs: z.array(z.object({ hubId: id, host: text, version: text, state: text })).max(hubsToldMax),
  agents: z.object({
    known: count,
    connected: count,
    /** The ones that a person should look at first, not connected for longest. */
    list: z
      .array(z.object({ agentId: id, host: text, connected: z.boolean(), lastSeenMs: time.optional(), state: text.optional() }))
      .max(agentsToldMax),
  }),
  /** Per reader group, over all its topics: what waits for it, and since when. */
  groups: z.array(z.object({ group: text, entries: count, bytes: count, oldestMs: time.optional() })).max(groupsToldMax),
  findings: z
    .array(z.object({ kind: text, subject: text, level: z.enum(['yellow', 'red']), reason: text, sinceMs: time }))
    .max(findingsToldMax),
  /** Absent of a site that does not tell it. */
  health: health.optional(),
});

type Own = z.output<typeof own>;

export interface SiteSnapshot extends Own {
  readonly sites: readonly SiteBelow[];
}

export interface SiteBelow {
  readonly snapshot: SiteSnapshot;
  /** How long ago its hub told it. */
  readonly ageMs: number;
}

const below = z.object({ ageMs: time, snapshot: z.unknown() });

/** Undefined of what is none. */
export function parseSnapshot(json: Uint8Array): SiteSnapshot | undefined {
  try {
    const value: unknown = JSON.parse(Buffer.from(json).toString('utf8'));
    return snapshotOf(value, levelsMax);
  } catch {
    return undefined;
  }
}

/** What a site could not have is left out, such as one site too many. */
function snapshotOf(value: unknown, levels: number): SiteSnapshot | undefined {
  const parsed = own.safeParse(value);
  if (!parsed.success || typeof value !== 'object' || value === null) return undefined;
  const told: unknown = 'sites' in value ? value.sites : [];
  const sites: SiteBelow[] = [];
  for (const one of Array.isArray(told) && levels > 1 ? told.slice(0, sitesBelowMax) : []) {
    const { data } = below.safeParse(one);
    const snapshot = data === undefined ? undefined : snapshotOf(data.snapshot, levels - 1);
    if (data !== undefined && snapshot !== undefined) sites.push({ ageMs: data.ageMs, snapshot });
  }
  return { ...parsed.data, sites };
}

/** So much of it as fits: agents of sites below go first, then what is found there, then those sites. */
export function fittedSnapshot(snapshot: SiteSnapshot, bytesMax: number): SiteSnapshot {
  const steps: ((one: SiteSnapshot) => SiteSnapshot)[] = [
    (one) => one,
    (one) => mapBelow(one, ({ agents, ...rest }) => ({ ...rest, agents: { ...agents, list: [] } })),
    (one) =>
      mapBelow(one, (lower) => withoutChanges({ ...lower, agents: { ...lower.agents, list: [] }, findings: [], groups: [] })),
    (one) => ({ ...one, sites: [] }),
    ({ health: _health, ...one }) => ({
      ...one,
      sites: [],
      findings: one.findings.slice(0, 20),
      agents: { ...one.agents, list: [] },
    }),
  ];
  let fitted = snapshot;
  for (const step of steps) {
    fitted = step(snapshot);
    if (Buffer.byteLength(JSON.stringify(fitted)) <= bytesMax) break;
  }
  return fitted;
}

function mapBelow(snapshot: SiteSnapshot, change: (one: SiteSnapshot) => SiteSnapshot): SiteSnapshot {
  const sites = snapshot.sites.map(({ ageMs, snapshot: one }) => ({ ageMs, snapshot: change(mapBelow(one, change)) }));
  return { ...snapshot, sites };
}

function withoutChanges({ health: told, ...rest }: SiteSnapshot): SiteSnapshot {
  return told === undefined ? rest : { ...rest, health: { ...told, changes: [] } };
}
