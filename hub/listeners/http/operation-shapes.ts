/** What the routes for operators answer, as the OpenAPI description has it. Shapes that the page shares are in dashboard/api/. */
import * as z from 'zod';
import { healthCause, nodeKind } from '../../dashboard/api/health-shapes.ts';

const instant = z.iso.datetime();
/** Absent where there is none. */
const maybe = instant.nullable();
const count = z.int().min(0);
const waiting = { entries: count, records: count, bytes: count };

const group = z.strictObject({
  group: z.string(),
  paused: z.boolean(),
  expiring: z.boolean(),
  ...waiting,
  oldest: maybe,
  dropped: count,
  partitions: z.array(z.strictObject({ partition: count, cursor: count, ...waiting, oldest: maybe })),
});
const channel = z.strictObject({
  channel: z.string(),
  streams: count,
  gaps: count,
  lost: count,
  late: count,
  duplicates: count,
  groups: z.array(group.extend({ topic: z.enum(['front', 'back']) })),
});
/** Of a list that may have more. */
const next = z.string().optional();
export const channelsAnswer = z.strictObject({ channels: z.array(channel), next });

const topic = z.strictObject({
  topic: z.string(),
  channel: z.string(),
  entries: count,
  bytes: count,
  receivedRecords: count,
  receivedBytes: count,
  partitions: count,
  groups: z.array(group),
});
export const topicsAnswer = z.strictObject({ topics: z.array(topic), next });

const output = z.looseObject({
  name: z.string(),
  kind: z.string(),
  group: z.string(),
  state: z.enum(['running', 'waiting', 'failed']),
  trouble: z.string(),
  counts: z.record(z.string(), z.number()),
});
const removedOutput = z.strictObject({
  name: z.string(),
  kind: z.string(),
  group: z.string(),
  reads: z.enum(['front', 'back']),
  channels: z.array(z.string()),
  ...waiting,
  oldestMs: z.number().optional(),
});
export const outputsAnswer = z.strictObject({ outputs: z.array(output), removed: z.array(removedOutput) });
export const forgottenAnswer = z.strictObject({ forgotten: removedOutput });

const letterJob = z.looseObject({
  verb: z.string(),
  state: z.enum(['running', 'done', 'failed', 'stopped']),
  startedMs: z.number(),
});
const letters = z.strictObject({
  channel: z.string(),
  output: z.string(),
  error: z.string(),
  status: z.int(),
  count,
  oldest: instant,
  newest: instant,
  tries: count,
  index: z.string(),
  reason: z.string(),
});
const setAside = z.looseObject({
  id: z.string(),
  topic: z.string(),
  group: z.string(),
  reason: z.string(),
  at: instant,
  stays: z.string(),
});
export const lettersAnswer = z.strictObject({
  letters: z.array(letters),
  unreadable: count,
  isPartial: z.boolean(),
  entries: z.array(setAside),
  job: letterJob.optional(),
});
export const jobAnswer = z.strictObject({ job: letterJob.optional() });

const houseKind = z.strictObject({ kind: z.string(), count, bytes: count });
export const housePlanAnswer = z.strictObject({
  removals: z.array(z.looseObject({ kind: z.string(), subject: z.string(), bytes: count, why: z.string() })),
  kinds: z.array(houseKind),
  notes: z.array(z.string()),
});

const alert = z.strictObject({
  node: z.string(),
  nodeKind,
  name: z.string(),
  owners: z.union([z.literal('site'), z.array(z.string())]),
  kind: z.string(),
  subject: z.string(),
  level: z.enum(['yellow', 'red']),
  reason: z.string(),
  sinceMs: z.number(),
  silenced: z.boolean(),
  acknowledged: healthCause.shape.acknowledged,
});
const receiver = z.strictObject({
  receiver: z.string(),
  kind: z.string(),
  trouble: z.string(),
  lastSentMs: z.number().optional(),
});
export const alertsAnswer = z.strictObject({
  alerts: z.array(alert),
  receivers: z.array(receiver),
  next,
});

const enrolmentToken = z.strictObject({
  id: z.string(),
  kind: z.enum(['agent', 'hub']),
  site: z.string().optional(),
  tenants: z.union([z.literal('*'), z.array(z.string())]),
  labels: z.record(z.string(), z.string()),
  usesMax: count,
  uses: count,
  createdBy: z.string(),
  created: instant,
  expires: instant,
  revoked: maybe,
});
const apiToken = z.strictObject({
  id: z.string(),
  kind: z.literal('api'),
  tenant: z.string(),
  scope: z.enum(['read', 'write', 'admin']),
  note: z.string(),
  createdBy: z.string(),
  created: instant,
  expires: maybe,
  revoked: maybe,
  lastUsed: maybe,
});
export const tokensAnswer = z.strictObject({ tokens: z.array(z.union([apiToken, enrolmentToken])), next });
const secret = { token: z.string() };
export const madeTokenAnswer = z.union([apiToken.extend(secret), enrolmentToken.extend(secret)]);

const grants = z.array(z.strictObject({ tenant: z.string(), role: z.enum(['viewer', 'operator', 'admin']) }));
const by = z.enum(['password', 'oidc']);
const user = z.strictObject({ name: z.string(), grants, by, mustChange: z.boolean(), disabled: z.boolean(), created: instant });
export const usersAnswer = z.strictObject({ users: z.array(user), next });
export const userAnswer = user.extend({ oneTimePassword: z.string().optional() });
export const sessionAnswer = z.strictObject({
  name: z.string(),
  by,
  grants,
  mustChange: z.boolean(),
  expires: instant,
  csrfToken: z.string(),
});
export const whoamiAnswer = z.union([
  z.strictObject({ kind: z.literal('user'), name: z.string(), grants }),
  z.strictObject({
    kind: z.literal('token'),
    tokenId: z.string(),
    tenant: z.string(),
    scope: z.enum(['read', 'write', 'admin']),
  }),
]);
