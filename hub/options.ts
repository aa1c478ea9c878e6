import { join } from 'node:path';
import { parseHostPort } from '@tributary/shared/network/listen-address.ts';
import { bytesBetween, duration } from '@tributary/shared/options/units.ts';
import * as z from 'zod';
import { runDirDefault } from './hub-paths.ts';
import { healthOptions } from './config/health-options.ts';
import { canaryOptions } from './config/canary-options.ts';
import { alertOptions } from './config/alert-options.ts';
import { housekeepingOptions } from './config/housekeeping-options.ts';
import { beatsRedisListeners } from './config/beats-redis-options.ts';
import { agentListener, httpListener, pushListener } from './config/listener-options.ts';
import { measurementOptions } from './config/measurement-options.ts';
import { tenantName } from './config/names.ts';
import type { ArchiveOutputOptions } from './config/archive-options.ts';
import { outputs } from './config/output-options.ts';
import { prometheusOptions } from './config/prometheus-options.ts';
import { pipelineRules, pipelinesDir, scriptOptions } from './config/pipeline-options.ts';
import { checkListeners, checkReporter } from './config/rules.ts';
import { storeOptionFields } from './config/store-options.ts';
import { oidcOptions, quotaOptions, serviceOptions, sessionOptions, tlsOptions } from './config/security-options.ts';

/**
 * Every option of the hub's configuration file: the one definition that types, defaults, checks, the JSON Schema and the docs page
 * come from.
 */
const queue = z
  .strictObject({
    max_bytes: bytesBetween({ min: '1MiB' })
      .prefault('8GiB')
      .describe('All bodies in the store together. Beyond it nothing more is taken in until something was archived.'),
    topic_max_bytes: bytesBetween({ min: '1MiB' })
      .prefault('1GiB')
      .describe('What one channel may have waiting before it stops being taken in. Not more than `max_bytes`.'),
    types_per_tenant: z
      .int()
      .min(1)
      .max(100_000)
      .default(1000)
      .describe('Log types of one tenant. Each has a folder and readers for good; what comes under one more has to wait.'),
    replay_window: duration
      .prefault('5m')
      .describe('How long entries stay after every reader has passed them, so that they can be sent again.'),
    durability: z
      .enum(['full', 'relaxed'])
      .default('full')
      .describe('`full`: an ack means on disk. `relaxed`: a power cut may lose the last acked batches.'),
    ...storeOptionFields,
  })
  .refine((value) => value.topic_max_bytes <= value.max_bytes, {
    path: ['topic_max_bytes'],
    error: 'must be at most max_bytes',
  });

const plainHubOptions = z.strictObject({
  data_dir: z
    .string()
    .min(1)
    .default('/var/lib/tributary/hub')
    .describe('Where the queue, the index and by default the archive are.'),
  run_dir: z.string().min(1).default(runDirDefault).describe('Where the socket `hub.sock` is, which `status` asks.'),
  site: z
    .string()
    .regex(/^[a-z0-9_-]{1,50}$/, 'must be 1 to 50 of a-z, 0-9, - and _')
    .default('default')
    .describe('Name of the site, for people; its id is drawn when the store is made.'),
  listeners: z
    .strictObject({
      agents: agentListener.prefault({}).describe('The listener for agents.'),
      http: httpListener.optional().describe('The HTTP API and the page. Off unless it is given.'),
      push: z.array(pushListener).max(64).default([]).describe('Listeners that only take records, by `POST /api/v1/logs`.'),
      beats_redis: beatsRedisListeners.describe('Lists and channels of a Redis that Beats write to by their Redis output.'),
    })
    .prefault({})
    .describe('Where records come in. What can be reached from other machines has TLS, or says `plaintext: true`.'),
  advertise: z
    .array(z.string().refine((text) => parseHostPort(text) !== undefined, 'must be host:port'))
    .max(64)
    .default([])
    .describe('Addresses of the agents listeners of this site as agents see them: what enrolment tokens carry.'),
  tls: tlsOptions.optional().describe('Certificates of all listeners that are not `plaintext`. `tributary-hub init` makes them.'),
  cluster: z
    .strictObject({
      address: z
        .string()
        .refine((text) => parseHostPort(text) !== undefined, 'must be host:port')
        .optional()
        .describe(
          "This hub's agents listener as agents see it, when it is none of those that listen on all addresses. The first of `advertise` unless set.",
        ),
      roles: z
        .array(z.enum(['intake', 'work']))
        .min(1)
        .default(['intake', 'work'])
        .describe('`intake`: has the listeners. `work`: runs pipelines and outputs. A hub may do one of them only.'),
      connections: z
        .int()
        .min(1)
        .max(1_000_000)
        .default(10_000)
        .describe('Beyond so many agents a hub sends some of them to another one that has fewer.'),
    })
    .prefault({})
    .describe('This hub among those of its site; they find each other by `queue.redis`.'),
  platform_tenant: tenantName
    .default('default')
    .describe("Owner of the hub's own platform events, the audit trail among them: best one that no token is for."),
  platform_reporter: z
    .enum(['topic', 'direct'])
    .default('topic')
    .describe(
      "How the hub's own platform events go: `topic`, as all records do, or `direct`, at once to every Elasticsearch output that takes them, and by the topic while one is away. What went straight is not in the archive; the audit trail always goes by the topic.",
    ),
  sessions: sessionOptions.prefault({}).describe('People who are signed in.'),
  oidc: oidcOptions.optional().describe('Signing in at an OpenID Connect provider.'),
  quotas: z.array(quotaOptions).max(1000).default([]).describe('How much a tenant may bring in a day.'),
  services: z
    .array(serviceOptions)
    .max(64)
    .default([])
    .describe(
      'Elasticsearch, Kibana and Redis that this site uses: one that answers anybody from outside the loopback turns health red.',
    ),
  queue: queue.prefault({}).describe('The durable queue between what comes in and what goes out.'),
  pipelines: pipelineRules,
  pipelines_dir: pipelinesDir,
  scripts: scriptOptions.prefault({}).describe('Limits of the scripts that pipelines run.'),
  outputs,
  housekeeping: housekeepingOptions
    .prefault({})
    .describe('What goes by itself when it is too old. Each removal is in the audit trail.'),
  health: healthOptions.prefault({}).describe('How it is found out whether all is well.'),
  canaries: canaryOptions.prefault({}).describe('Whether numbered records of agents are where records end.'),
  alerts: alertOptions.prefault({}).describe('Who is told when something changes its colour.'),
  prometheus: prometheusOptions.prefault({}).describe('What `GET /metrics` of `listeners.http` tells.'),
  measurements: measurementOptions.prefault({}).describe('What was measured lately, for the page.'),
  log: z
    .strictObject({
      level: z.enum(['debug', 'info', 'warn', 'error']).default('info').describe('The least level that is logged.'),
    })
    .prefault({})
    .describe('What the program tells of itself, on standard error.'),
});

export const hubOptions = plainHubOptions.superRefine(checkListeners).superRefine(checkReporter);

export type HubOptions = z.output<typeof hubOptions>;
export function archiveOutputOf(options: HubOptions): ArchiveOutputOptions | undefined {
  return options.outputs.find((output) => output.kind === 'archive');
}

/** For people: a folder, or a bucket with what its names begin with. */
export function archivePlaceOf(options: HubOptions): string {
  const { s3, folder } = archiveOutputOf(options) ?? {};
  return s3 === undefined ? (folder ?? join(options.data_dir, 'archive')) : `s3://${s3.bucket}/${s3.prefix ?? ''}`;
}
