/** Where the queue is kept: a file of this hub's, or a Redis that several hubs share. */
import { parseHostPort } from '@tributary/shared/network/listen-address.ts';
import { bytesBetween, durationBetween } from '@tributary/shared/options/units.ts';
import * as z from 'zod';
import { tenantName, typeName } from './names.ts';

const hostPort = z.string().refine((text) => parseHostPort(text) !== undefined, 'must be host:port');

const redis = z
  .strictObject({
    url: z
      .url({ protocol: /^rediss?$/ })
      .optional()
      .describe('One Redis: `redis://host:6379`, or `rediss://` with TLS; name and password may stand in it.'),
    sentinels: z.array(hostPort).min(1).max(64).optional().describe('Instead of `url`: the Sentinels that know the master.'),
    master_name: z.string().min(1).default('tributary').describe('What the Sentinels call the master.'),
    cluster: z
      .array(hostPort)
      .min(1)
      .max(64)
      .optional()
      .describe('Instead of `url`: some nodes of a Redis Cluster; the others are found.'),
    username: z.string().min(1).optional().describe('With an ACL user.'),
    password: z.string().min(1).optional().describe('`${file:/etc/tributary/redis.pass}`.'),
    sentinel_password: z.string().min(1).optional().describe('Of the Sentinels, where they have one.'),
    tls: z
      .boolean()
      .default(false)
      .describe('TLS to Sentinels and Cluster nodes, and to the masters they name. `rediss://` says it for `url`.'),
    ca: z
      .string()
      .min(1)
      .optional()
      .describe("PEM file that Redis' certificate is verified with; the system's authorities unless set."),
    cert: z
      .string()
      .min(1)
      .optional()
      .describe('PEM file: the certificate of this hub, where Redis demands one (`tls-auth-clients yes`, its default).'),
    key: z.string().min(1).optional().describe('PEM file: its key.'),
    min_replicas: z
      .int()
      .min(0)
      .max(16)
      .default(0)
      .describe(
        'An ack also waits until so many replicas have what it acks. 0: what a master loses with its disk is sent again by the agents as far as they still have it.',
      ),
    partitions: z
      .int()
      .min(1)
      .max(1024)
      .default(64)
      .describe('Into how many parts agents are spread. Stored with the first start and fixed from then on.'),
    memory: bytesBetween({ min: '1MiB' })
      .prefault('512MiB')
      .describe(
        'Bodies that Redis keeps in memory, of all topics. What waits beyond it goes to `spill`, and is read from there.',
      ),
    spill: z
      .string()
      .min(1)
      .optional()
      .describe(
        'Folder that all hubs of the site share, for what exceeds `memory`. Without it `memory` is the limit of the queue.',
      ),
    prefix: z
      .string()
      .regex(/^[a-z0-9_-]{1,30}$/, 'must be 1 to 30 of a-z, 0-9, - and _')
      .default('tributary')
      .describe('Begins the names of all keys, so that several sites may share one Redis.'),
  })
  .refine(({ url, sentinels, cluster }) => [url, sentinels, cluster].filter((one) => one !== undefined).length === 1, {
    error: 'needs one of url, sentinels and cluster',
  })
  .refine(({ cert, key }) => (cert === undefined) === (key === undefined), 'cert and key are given together, or neither of them');

const topicRule = z.strictObject({
  tenant: tenantName.optional().describe('All tenants unless set.'),
  type: typeName.optional().describe('All types unless set.'),
  max_bytes: bytesBetween({ min: '1MiB' }).optional().describe('In place of `topic_max_bytes`.'),
  front_retention: durationBetween({ min: '1m', max: '3650d' }).optional().describe('In place of `front_retention`.'),
  back_retention: durationBetween({ min: '1m', max: '3650d' }).optional().describe('In place of `back_retention`.'),
});

export const storeOptionFields = {
  redis: redis
    .optional()
    .describe('A Redis (7 or later) that all hubs of the site share. Without it the queue is a file in `data_dir`, for one hub.'),
  front_retention: durationBetween({ min: '1m', max: '3650d' })
    .prefault('7d')
    .describe('What waits for a pipeline or an upstream longer than this turns health red.'),
  back_retention: durationBetween({ min: '1m', max: '3650d' })
    .prefault('5d')
    .describe('What waits for an output longer than this turns health red.'),
  topics: z.array(topicRule).max(1000).default([]).describe('Other limits for some channels; the first rule that fits holds.'),
};

export type RedisOptions = z.output<typeof redis>;
