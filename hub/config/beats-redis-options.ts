/** `listeners.beats_redis`: lists of a Redis that Beats write to by their Redis output. */
import { parseHostPort } from '@tributary/shared/network/listen-address.ts';
import * as z from 'zod';
import { tenantName, typeName } from './names.ts';

const hostPort = z.string().refine((text) => parseHostPort(text) !== undefined, 'must be host:port');

export const beatsRedisListener = z
  .strictObject({
    url: z
      .url({ protocol: /^rediss?$/ })
      .optional()
      .describe('The Redis: `redis://host:6379/0`, or `rediss://` with TLS; name and password may stand in it.'),
    sentinels: z.array(hostPort).min(1).max(64).optional().describe('Instead of `url`: the Sentinels that know the master.'),
    master_name: z.string().min(1).default('mymaster').describe('What the Sentinels call the master.'),
    key: z
      .string()
      .min(1)
      .max(500)
      .describe('`key` of the output of the Beats: the name of the list, or of the channel. One listener for each.'),
    datatype: z
      .enum(['list', 'channel'])
      .default('list')
      .describe(
        '`datatype` of the output of the Beats. `list`: nothing is lost. `channel`: Redis forgets what nobody listens to at that moment.',
      ),
    tenant: tenantName.describe('Owner of everything that comes here.'),
    type: typeName
      .default('beats')
      .describe('Log type of events that name none by `fields.type` or `event.module`, and are no metrics or audit events.'),
    username: z.string().min(1).optional().describe('With an ACL user.'),
    password: z.string().min(1).optional().describe('`${file:/etc/tributary/beats-redis.pass}`.'),
    sentinel_password: z.string().min(1).optional().describe('Of the Sentinels, where they have one.'),
    tls: z.boolean().default(false).describe('TLS to Sentinels and the masters they name. `rediss://` says it for `url`.'),
    ca: z
      .string()
      .min(1)
      .optional()
      .describe("PEM file that Redis' certificate is verified with; the system's authorities unless set."),
    tls_cert: z.string().min(1).optional().describe('PEM file: the certificate of this hub, where Redis demands one.'),
    tls_key: z.string().min(1).optional().describe('PEM file: its key.'),
  })
  .refine(({ url, sentinels }) => (url === undefined) !== (sentinels === undefined), { error: 'needs either url or sentinels' })
  .refine(
    ({ tls_cert: cert, tls_key: key }) => (cert === undefined) === (key === undefined),
    'tls_cert and tls_key are given together, or neither of them',
  );

export type BeatsRedisOptions = z.output<typeof beatsRedisListener>;

/** The same list or channel is read by one listener. No secret is in it: names and passwords of an URL stay out. */
export function beatsRedisName({
  url,
  sentinels = [],
  master_name: master,
  key,
}: Pick<BeatsRedisOptions, 'url' | 'sentinels' | 'master_name' | 'key'>): string {
  if (url === undefined) return `${key} of ${master} (${sentinels.join(', ')})`;
  const { host, pathname } = new URL(url);
  return `${key} of ${host}${pathname === '/' ? '' : pathname}`;
}

export const beatsRedisListeners = z
  .array(beatsRedisListener)
  .max(64)
  .default([])
  .superRefine((list, report) => {
    const names = new Set<string>();
    for (const [index, options] of list.entries()) {
      const name = beatsRedisName(options);
      if (names.has(name))
        report.addIssue({ code: 'custom', path: [index, 'key'], message: 'another listener reads it already' });
      names.add(name);
    }
  });
