import { bytesBetween, durationBetween } from '@tributary/shared/options/units.ts';
import * as z from 'zod';
import { labelsOption, nameOption } from '../common-options.ts';
import { setNames } from './set-names.ts';

const interval = durationBetween({ min: '1s', max: '7d' });

function intervalOf(what: string): z.ZodOptional<typeof interval> {
  return interval.optional().describe(what);
}

const elasticsearchOptions = z
  .strictObject({
    url: z
      .string()
      .refine((text) => URL.canParse(text) && /^https?:$/.test(new URL(text).protocol), 'must be an http or https address')
      .describe('Address of Elasticsearch, such as `https://es.example.com:9200`.'),
    api_key: z.string().min(1).optional().describe('Base64 API key, as Elasticsearch gives it (`encoded`).'),
    username: z.string().min(1).optional().describe('With `password`, instead of an API key.'),
    password: z.string().min(1).optional().describe('Of `username`.'),
    ca_file: z
      .string()
      .startsWith('/', 'must be an absolute path')
      .optional()
      .describe('PEM file of the authorities to trust, instead of the usual ones.'),
    index: z
      .string()
      .regex(/^[a-z0-9_][a-z0-9_.{}-]{0,200}$/, 'must be a name in lower case, with {dataset} and {tenant} where these go')
      .default('metrics-{dataset}-{tenant}')
      .describe('Index or data stream. `{dataset}` is `system.cpu` and so on, `{tenant}` the owner.'),
    queue_bytes: bytesBetween({ min: '64KiB', max: '256MiB' })
      .prefault('4MiB')
      .describe(
        'Documents that wait in memory while Elasticsearch cannot be reached. Beyond it the oldest are dropped, and counted.',
      ),
    only: z.boolean().default(false).describe('Do not send them to the hub as well.'),
  })
  .refine(
    (given) => (given.username === undefined) === (given.password === undefined),
    'needs both username and password, or neither',
  )
  .refine((given) => given.api_key === undefined || given.username === undefined, 'takes an api_key or a username, not both');

/** The options of a metrics input; its records are platform events, so it has no log type. */
export const metricsInputOptions = z.strictObject({
  kind: z.literal('metrics'),
  sets: z
    .array(z.enum(setNames))
    .min(1)
    .default([...setNames])
    .describe('What is measured.'),
  interval: interval.prefault('10s').describe('How often, unless `intervals` says otherwise.'),
  intervals: z
    .strictObject({
      cpu: intervalOf('Of `cpu`.'),
      load: intervalOf('Of `load`.'),
      memory: intervalOf('Of `memory`.'),
      diskio: intervalOf('Of `diskio`.'),
      filesystem: intervalOf('Of `filesystem`. Without it: 1m, or `interval` where that is longer.'),
      network: intervalOf('Of `network`.'),
      process: intervalOf('Of `process`.'),
      socket_summary: intervalOf('Of `socket_summary`.'),
      uptime: intervalOf('Of `uptime`. Without it: 1m, or `interval` where that is longer.'),
      host: intervalOf('Of `host`. Without it: 1d.'),
    })
    .prefault({})
    .describe('How often single sets are measured.'),
  processes_top: z
    .int()
    .min(0)
    .max(200)
    .default(10)
    .describe('Processes that are told one by one: so many by processor time and so many by memory. 0: only the summary of all.'),
  command_lines: z.boolean().default(true).describe('Tell the command lines of these processes. They may hold secrets.'),
  containers: z.boolean().default(true).describe('Measure each container too (Linux: from its control group).'),
  network_file_systems: z
    .boolean()
    .default(false)
    .describe(
      'Measure file systems of other machines too. While one does not answer none of them is asked again: each would hold a thread.',
    ),
  mount_points_exclude: z
    .array(z.string().min(1))
    .default([])
    .describe(
      'Globs of mount points whose file systems are not measured, such as `/mnt/backup` or `/media/**`: neither does the hub say that they are full.',
    ),
  host_root: z
    .string()
    .startsWith('/', 'must be an absolute path')
    .default('/')
    .describe("Where the machine's root is seen from a container that the agent runs in, such as `/hostfs`."),
  tenant: nameOption.optional().describe('Owner of the records. Without it: the tenant of the agent.'),
  labels: labelsOption.default({}).describe('Added to every record, beside the labels of the agent.'),
  overflow: z
    .enum(['drop_newest', 'drop_oldest'])
    .default('drop_newest')
    .describe(
      'While the buffer is full: drop what is measured, or what waits in the buffer for longest. Whatever is dropped is counted.',
    ),
  elasticsearch: elasticsearchOptions.optional().describe('Send the documents straight to Elasticsearch, too.'),
});

/** As the metrics input takes them; `kind` has done its work by then. */
export type MetricsInputOptions = Omit<z.output<typeof metricsInputOptions>, 'kind'>;
export type ElasticsearchOptions = z.output<typeof elasticsearchOptions>;
