/** The output to Elasticsearch, with the Kibana beside it. */
import { bytesBetween, durationBetween } from '@tributary/shared/options/units.ts';
import * as z from 'zod';
import { tenantName, typeName } from './names.ts';

const httpUrl = z.url({ protocol: /^https?$/, error: 'must be http:// or https://' });

const credentials = {
  api_key: z.string().min(1).optional().describe('An API key as Elasticsearch encodes it: `${file:/etc/tributary/elastic.key}`.'),
  username: z.string().min(1).optional().describe('For basic authentication, with `password`.'),
  password: z.string().min(1).optional().describe('`${file:/etc/tributary/elastic.pass}`.'),
  ca: z
    .string()
    .min(1)
    .optional()
    .describe('File with the authorities that servers of https:// are checked by. The system’s unless set.'),
};

const pace = {
  bulk_bytes: bytesBetween({ min: '16KiB', max: '64MiB' }).describe(
    'A bulk request is sent when so many bytes of documents wait; less after the server refused one for its size.',
  ),
  bulk_wait: durationBetween({ min: '10ms', max: '1m' }).describe('Or when the oldest document has waited so long.'),
  concurrency: z
    .int()
    .min(1)
    .max(64)
    .describe('Bulk requests that are under way at once, at most; fewer while the server is slow or refuses.'),
};

/** What a log type may have otherwise. It has a reader of its own then, which others do not wait for. */
const typePace = z.strictObject({
  bulk_bytes: pace.bulk_bytes.optional(),
  bulk_wait: pace.bulk_wait.optional(),
  concurrency: pace.concurrency.optional(),
});

const kibana = z.strictObject({
  url: httpUrl.describe('Where Kibana is; dashboards are sent there by its import API.'),
  space: z
    .string()
    .regex(/^[a-z0-9_-]{1,50}$/, 'must be 1 to 50 of a-z, 0-9, - and _')
    .optional()
    .describe('The space that they belong to. The default one unless set.'),
  ...credentials,
});

export const elasticsearchOutput = z
  .strictObject({
    kind: z.literal('elasticsearch').describe('Documents in Elasticsearch 8 or 9, each once, in indices that the hub sets up.'),
    name: z
      .string()
      .regex(/^[a-z0-9_-]{1,50}$/, 'must be 1 to 50 of a-z, 0-9, - and _')
      .default('elasticsearch')
      .describe('Its progress is kept under this name, and routes of pipelines know it by it.'),
    urls: z
      .array(httpUrl)
      .min(1)
      .max(64)
      .describe('One or more nodes of the cluster; one that does not answer is left out for a time.'),
    ...credentials,
    sniff: z
      .boolean()
      .default(false)
      .describe('Also use the other nodes that these tell of: only where they are reached by the addresses they tell.'),
    tenants: z.array(tenantName).max(1000).optional().describe('Only channels of these tenants.'),
    types: z.array(typeName).max(1000).optional().describe('Only these log types.'),
    from: z
      .enum(['earliest', 'now'])
      .default('earliest')
      .describe('Where an output that is new begins: with what is retained, or with what comes from now on.'),
    indices: z
      .enum(['data_stream', 'daily'])
      .default('data_stream')
      .describe(
        '`data_stream`: `logs-<type>-<tenant>`, which the server rolls over. `daily`: `logs-<type>-<tenant>-2026.11.22` with an alias for all.',
      ),
    daily_past: durationBetween({ min: '1d', max: '36500d' })
      .prefault('30d')
      .describe(
        'A document whose time is longer than this before it was received goes to the index of the day on which it was, with the time that it has: a line with a wild time makes no index. For `indices: daily`.',
      ),
    daily_future: durationBetween({ min: '1h', max: '36500d' })
      .prefault('1d')
      .describe('As `daily_past`, of a time after it was received.'),
    platform_names: z
      .enum(['platform', 'beats'])
      .default('platform')
      .describe(
        'Names of the indices of platform events and metrics; `beats`: `platform-metricbeat-…`, as sites that ran Beats had them.',
      ),
    metric_sets: z
      .int()
      .min(1)
      .max(10_000)
      .default(200)
      .describe(
        'So many sets of metrics of a tenant have a name of their own, `metrics-<set>-<tenant>`; metrics of further ones go to `metrics-other-<tenant>`.',
      ),
    setup: z
      .boolean()
      .default(true)
      .describe('Install templates and lifecycle at the start. Without: only `tributary-hub es setup` does.'),
    retention: durationBetween({ min: '1h', max: '3650d' })
      .optional()
      .describe(
        'Age at which indices may go: by the lifecycle of the server where it has one, by housekeeping else. Kept for good unless set here or under `housekeeping`.',
      ),
    replicas: z
      .int()
      .min(0)
      .max(10)
      .optional()
      .describe('Copies of each shard; the server decides unless set (`auto_expand_replicas` 0-1).'),
    rejected: z
      .enum(['dead_letters', 'failure_store'])
      .default('dead_letters')
      .describe(
        "Where a document goes that the server will never take: the hub's dead letters (`tributary-hub dlq`), or the server's own failure store where it has one.",
      ),
    compression: z
      .enum(['auto', 'zstd', 'gzip', 'none'])
      .default('auto')
      .describe('Of requests. `auto`: none to this machine, gzip elsewhere.'),
    original: z
      .boolean()
      .default(true)
      .describe('Keep the line as it came as `event.original` of documents that a pipeline made.'),
    bulk_bytes: pace.bulk_bytes.prefault('4MiB'),
    bulk_wait: pace.bulk_wait.prefault('1s'),
    concurrency: pace.concurrency.default(4),
    per_type: z
      .record(typeName, typePace)
      .default({})
      .describe('Other figures for a log type, which then has a reader of its own.'),
    kibana: kibana.optional().describe('The Kibana of this cluster. Without it dashboards are only written to files.'),
  })
  .superRefine((options, report) => {
    for (const [part, path] of [
      [options, []],
      [options.kibana, ['kibana']],
    ] as const) {
      if (part === undefined) continue;
      if ((part.username === undefined) !== (part.password === undefined)) {
        report.addIssue({ code: 'custom', path: [...path, 'username'], message: 'needs username and password together' });
      }
      if (part.api_key !== undefined && part.username !== undefined) {
        report.addIssue({
          code: 'custom',
          path: [...path, 'api_key'],
          message: 'either an API key, or a username with its password',
        });
      }
    }
    for (const [index, text] of options.urls.entries()) {
      const { username, password } = new URL(text);
      if (username === '' && password === '') continue;
      report.addIssue({ code: 'custom', path: ['urls', index], message: 'name and password belong into username and password' });
    }
  });

export type ElasticsearchOutputOptions = z.output<typeof elasticsearchOutput>;
