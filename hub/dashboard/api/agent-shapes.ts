/** What the API tells of agents and their machines. Units are in the names; percentages are 0 to 100. */
import * as z from 'zod';
import { healthCause, healthState } from './health-shapes.ts';

export const agentRow = z.strictObject({
  agentId: z.string(),
  /** `hub`: one of the hubs of a lower site, as an agent of this one. */
  kind: z.enum(['agent', 'hub']),
  /** Id of the lower site that it belongs to; absent: it is this site's. */
  site: z.string().optional(),
  host: z.string(),
  version: z.string(),
  tenants: z.union([z.literal('all'), z.array(z.string())]),
  labels: z.record(z.string(), z.string()),
  state: healthState,
  reason: z.string(),
  sinceMs: z.number(),
  connected: z.boolean(),
  /** Of the hub that it is connected to. */
  hub: z.string().optional(),
  lastSeenMs: z.number().optional(),
  bytesPerSecond: z.number(),
  recordsPerSecond: z.number(),
  /** Between what is in its files and what it has read; absent: it did not tell lately. */
  lagBytes: z.number().optional(),
  bufferBytes: z.number().optional(),
  cpuPercent: z.number().optional(),
  memoryPercent: z.number().optional(),
  /** Of the fullest file system. */
  diskPercent: z.number().optional(),
  /** Absent: it came without a certificate. */
  enrolledMs: z.number().optional(),
  certificateEndsMs: z.number().optional(),
  revoked: z.boolean(),
  /** Two machines use its identity: both are refused until one is made a new agent. */
  cloned: z.boolean(),
});
export type AgentRow = z.output<typeof agentRow>;

export const agentSort = z.enum(['state', 'host', 'version', 'lastSeen', 'rate', 'lag', 'cpu', 'memory', 'disk']);

/**
 * GET /api/v1/agents?state=red,yellow&label=k:v&text=&tenant=&version=&kind=agent&site=&sort=state&descending=&limit=100&after=: the worst
 * first, otherwise ascending unless `descending=true`; what was not told comes last. Agents of this site unless `site` is an id or `*`.
 */
export const agentsAnswer = z.strictObject({
  agents: z.array(agentRow),
  /** How many fit the filter. */
  total: z.int(),
  counts: z.strictObject({ green: z.int(), yellow: z.int(), red: z.int(), unknown: z.int() }),
  versions: z.array(z.strictObject({ version: z.string(), agents: z.int() })),
  next: z.string().optional(),
});
export type AgentsAnswer = z.output<typeof agentsAnswer>;

export const agentFile = z.strictObject({
  input: z.string(),
  path: z.string(),
  streamId: z.string(),
  state: z.string(),
  size: z.number(),
  position: z.number(),
  lagBytes: z.number(),
  /** How long the oldest byte that is not read has been there; absent: none or not known. */
  lagSeconds: z.number().optional(),
  lastReadMs: z.number().optional(),
});

/** GET /api/v1/agents/{id} */
export const agentAnswer = agentRow.extend({
  causes: z.array(healthCause),
  address: z.string().optional(),
  machine: z
    .strictObject({
      os: z.string(),
      kernel: z.string(),
      arch: z.string(),
      cores: z.int().optional(),
      memoryBytes: z.number().optional(),
    })
    .optional(),
  /** When the agent told what follows; absent: it never did. */
  measuredMs: z.number().optional(),
  process: z.strictObject({ rssBytes: z.number(), cpuPercent: z.number().optional(), startedMs: z.number() }).optional(),
  inputs: z.array(
    z.strictObject({
      name: z.string(),
      kind: z.string(),
      state: z.string(),
      error: z.string(),
      sources: z.int(),
      failed: z.int(),
      lagBytes: z.number(),
    }),
  ),
  /** The furthest behind first, at most 100. */
  files: z.array(agentFile),
  filesTotal: z.int(),
  buffer: z.strictObject({ bytes: z.number(), maxBytes: z.number(), unackedBytes: z.number(), batches: z.int() }).optional(),
  /** In records: what was read is what was acknowledged, waits, was left out or lost. */
  books: z
    .strictObject({
      read: z.number(),
      acked: z.number(),
      buffered: z.number(),
      filtered: z.number(),
      lost: z.record(z.string(), z.number()),
      unaccounted: z.number(),
    })
    .optional(),
  streams: z.array(
    z.strictObject({
      streamId: z.string(),
      channel: z.string(),
      source: z.string(),
      held: z.number(),
      lost: z.number(),
      /** When this hub received something of it last; absent: not since its start, or the agent is connected to another hub. */
      lastReceivedMs: z.number().optional(),
    }),
  ),
});
export type AgentAnswer = z.output<typeof agentAnswer>;

/** GET /api/v1/agents/{id}/events?limit=100&after=: platform events of this agent, the newest first; at most 200 are kept. */
export const agentEvent = z.strictObject({ atMs: z.number(), action: z.string(), level: z.string(), message: z.string() });
export const agentEventsAnswer = z.strictObject({ events: z.array(agentEvent), next: z.string().optional() });
export type AgentEvent = z.output<typeof agentEvent>;

/**
 * Names of series: `cpu`, `load1`, `memory`, `swap`, `disk`, `disk_read`, `disk_write`, `net_in`, `net_out`, `records`, `bytes`, `lag`, `buffer`; of the site
 * `received`, `received_bytes`, `processed` of all, `received/shop/web`, `processed/shop/web` of a channel, `passed/main` of an output.
 */
export const chartSeries = z.strictObject({
  name: z.string(),
  unit: z.enum(['percent', 'bytes', 'bytes_per_second', 'records_per_second', 'count', 'load', 'seconds']),
  /** One per step from `fromMs` on; null where nothing was told. */
  values: z.array(z.number().nullable()),
});

/** GET /api/v1/agents/{id}/charts?series=cpu,memory&from=&to=&points=300, GET /api/v1/charts: the last hour and all series unless told. */
export const chartsAnswer = z.strictObject({
  fromMs: z.number(),
  stepMs: z.number(),
  series: z.array(chartSeries),
});
export type ChartsAnswer = z.output<typeof chartsAnswer>;
