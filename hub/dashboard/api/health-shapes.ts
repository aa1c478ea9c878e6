/**
 * What the API tells of health, as the page, scripts and the OpenAPI description know it. Times are milliseconds since 1970 by the hub's
 * clock; names, ids and reasons are texts from outside: shown, never trusted.
 */
import * as z from 'zod';

/** `unknown`: what is known is too old to say. From good to bad: green, unknown, yellow, red. */
export const healthState = z.enum(['green', 'yellow', 'red', 'unknown']);
export type HealthState = z.output<typeof healthState>;

export const nodeKind = z.enum(['site', 'hub', 'store', 'channel', 'topic', 'output', 'agents', 'agent', 'input', 'listener']);
export type NodeKind = z.output<typeof nodeKind>;

/** What keeps people from being told: docs/operating/alerts.md. */
const silence = z.strictObject({
  id: z.string(),
  /** Patterns of what it is for, which may be more than the cause that has it. */
  node: z.string(),
  finding: z.string(),
  /** Absent: it is the site's. */
  tenant: z.string().optional(),
  by: z.string(),
  note: z.string(),
});

/** One reason among those that a node has, the worst first. */
export const healthCause = z.strictObject({
  /** A kind of finding, such as `agent-silent`: docs/operating/findings.md lists them. */
  kind: z.string(),
  level: z.enum(['yellow', 'red', 'unknown']),
  /** One sentence: what is the matter and what to do. */
  reason: z.string(),
  sinceMs: z.number(),
  /** Nobody is notified of it: until when (absent: until it is gone), by whom and why. */
  acknowledged: z.strictObject({ by: z.string(), untilMs: z.number().optional(), note: z.string() }).optional(),
  /** Nobody is told of it: until when, and by which silence for who may look at that. */
  silenced: z.strictObject({ untilMs: z.number(), silence: silence.optional() }).optional(),
});
export type HealthCause = z.output<typeof healthCause>;

export const healthNode = z.strictObject({
  /** Its place in the tree, such as `site`, `hub/<id>`, `channel/shop/web`, `output/main`, `agent/<id>`, `agent/<id>/input/app`, `site/<id>` of a lower one. */
  id: z.string(),
  kind: nodeKind,
  name: z.string(),
  /** Absent of the topmost. */
  parent: z.string().optional(),
  /** Whose it is; absent of what belongs to the site, or to several. */
  tenant: z.string().optional(),
  /** Whose it is where it belongs to several. */
  tenants: z.array(z.string()).optional(),
  /** The worst of its own and of what is below it. */
  state: healthState,
  /** The worst cause, of its own or below; empty when green. */
  reason: z.string(),
  /** Since when it has this state. */
  sinceMs: z.number(),
  /** Without what is below. */
  own: healthState,
  causes: z.array(healthCause),
});
export type HealthNode = z.output<typeof healthNode>;

export const stateCounts = z.strictObject({ green: z.int(), yellow: z.int(), red: z.int(), unknown: z.int() });

/** GET /api/v1/health, /health/platform, /health/channels/{tenant}: `?state=red,yellow&kind=agent&under=ID&limit=&after=`. */
export const healthAnswer = z.strictObject({
  site: z.string(),
  siteId: z.string(),
  atMs: z.number(),
  state: healthState,
  reason: z.string(),
  sinceMs: z.number(),
  /** By kind of node, of all that the one who asks may see. */
  counts: z.partialRecord(nodeKind, stateCounts),
  /** The worst first, then by id. */
  nodes: z.array(healthNode),
  next: z.string().optional(),
});
export type HealthAnswer = z.output<typeof healthAnswer>;

/** GET /api/v1/health/changes?since=&limit=: what changed, the newest first; also what sites below told after their link was back. */
export const healthChange = z.strictObject({
  id: z.string(),
  node: z.string(),
  name: z.string(),
  from: healthState,
  to: healthState,
  reason: z.string(),
  atMs: z.number(),
});
export const changesAnswer = z.strictObject({ changes: z.array(healthChange), next: z.string().optional() });
export type HealthChange = z.output<typeof healthChange>;

const waiting = {
  entries: z.number(),
  records: z.number(),
  bytes: z.number(),
  /** Receive time of the oldest that waits; absent: nothing does. */
  oldestMs: z.number().optional(),
};
const rate = z.strictObject({ recordsPerSecond: z.number(), bytesPerSecond: z.number() });

/** GET /api/v1/flow: what the map of the overview is drawn from. */
export const flowAnswer = z.strictObject({
  atMs: z.number(),
  /** Those that the one who asks may see. */
  agents: z.strictObject({ known: z.int(), connected: z.int(), state: healthState }),
  /**
   * What comes by other ways than agents, such as `push 0.0.0.0:7702`, with the host behind it where there are several hubs; `node`: its place in the
   * tree of health.
   */
  listeners: z.array(z.strictObject({ name: z.string(), node: z.string(), state: healthState, ...rate.shape })),
  channels: z.array(
    z.strictObject({
      channel: z.string(),
      state: healthState,
      reason: z.string(),
      received: rate,
      /** What waits for the pipeline. */
      front: z.strictObject(waiting),
      processed: rate,
      /** What the slowest output has before it. */
      back: z.strictObject(waiting),
      deadLetters: z.number(),
      lastReceivedMs: z.number().optional(),
    }),
  ),
  outputs: z.array(
    z.strictObject({
      name: z.string(),
      kind: z.string(),
      state: healthState,
      reason: z.string(),
      passed: rate,
      ...waiting,
      channels: z.array(z.strictObject({ channel: z.string(), reads: z.enum(['front', 'back']), ...waiting })),
    }),
  ),
});
export type FlowAnswer = z.output<typeof flowAnswer>;

/** GET /api/v1/sites: the sites below as a tree of their own. */
export interface SiteAnswer {
  readonly site: string;
  readonly siteId: string;
  readonly state: HealthState;
  readonly reason: string;
  readonly ageMs: number;
  readonly hubs: number;
  readonly agents: { readonly known: number; readonly connected: number };
  readonly findings: readonly HealthCause[];
  readonly sites: readonly SiteAnswer[];
}
