import { isIP } from 'node:net';
import { join } from 'node:path';
import * as z from 'zod';
import { bytesBetween, duration, durationBetween } from '@tributary/shared/options/units.ts';

/**
 * Every option of the hub's configuration file: the one definition that types, defaults, checks, the JSON Schema and the docs page
 * come from.
 */
const agentListener = z.strictObject({
  address: z
    .string()
    .refine((text) => isLoopback(text), {
      error:
        'must be host:port on the loopback, such as 127.0.0.1:7701 or [::1]:7701; TLS and enrolment come with a later version',
    })
    .default('127.0.0.1:7701')
    .describe('Where agents connect. Only loopback addresses are accepted. Port 0 takes a free one; `status` tells which.'),
});

const queue = z
  .strictObject({
    max_bytes: bytesBetween({ min: '1MiB' })
      .prefault('8GiB')
      .describe('All bodies in the store together. Beyond it nothing more is taken in until something was archived.'),
    topic_max_bytes: bytesBetween({ min: '1MiB' })
      .prefault('1GiB')
      .describe('What one channel may have waiting before it stops being taken in. Not more than `max_bytes`.'),
    replay_window: duration
      .prefault('5m')
      .describe('How long entries stay after every reader has passed them, so that they can be sent again.'),
    durability: z
      .enum(['full', 'relaxed'])
      .default('full')
      .describe('`full`: an ack means on disk. `relaxed`: a power cut may lose the last acked batches.'),
  })
  .refine((value) => value.topic_max_bytes <= value.max_bytes, {
    path: ['topic_max_bytes'],
    error: 'must be at most max_bytes',
  });

const archiveOutput = z.strictObject({
  kind: z.literal('archive').describe('Compressed CSV in a folder, with an index that `archive search` uses.'),
  folder: z.string().min(1).optional().describe('Where the objects are. `archive` in `data_dir` unless set.'),
  object_bytes: bytesBetween({ min: '64KiB', max: '4GiB' })
    .prefault('64MiB')
    .describe('An object is written when so many bytes wait, before compression.'),
  roll_interval: durationBetween({ min: '100ms', max: '1h' })
    .prefault('60s')
    .describe('An object is written when the oldest record has waited so long.'),
  compression: z.enum(['zstd', 'gzip']).default('zstd').describe('How objects are compressed. gzip is slower and larger.'),
  from: z.enum(['back']).default('back').describe('Which topic is archived: `back`, what the pipeline made of the records.'),
});

export const hubOptions = z.strictObject({
  data_dir: z
    .string()
    .min(1)
    .default('/var/lib/tributary/hub')
    .describe('Where the queue, the index and by default the archive are.'),
  run_dir: z.string().min(1).default('/run/tributary').describe('Where the socket `hub.sock` is, which `status` asks.'),
  site: z
    .string()
    .regex(/^[a-z0-9_-]{1,50}$/, 'must be 1 to 50 of a-z, 0-9, - and _')
    .default('default')
    .describe('Name of the site, for people; its id is drawn when the store is made.'),
  listeners: z
    .strictObject({ agents: agentListener.prefault({}).describe('The listener for agents.') })
    .prefault({})
    .describe('Where records come in.'),
  queue: queue.prefault({}).describe('The durable queue between what comes in and what goes out.'),
  outputs: z
    .array(z.discriminatedUnion('kind', [archiveOutput]))
    .min(1)
    .max(1)
    .prefault([{ kind: 'archive' }])
    .describe('Where records go. One archive.'),
  log: z
    .strictObject({
      level: z.enum(['debug', 'info', 'warn', 'error']).default('info').describe('The least level that is logged.'),
    })
    .prefault({})
    .describe('What the program tells of itself, on standard error.'),
});

export type HubOptions = z.output<typeof hubOptions>;
export type ArchiveOutputOptions = HubOptions['outputs'][number];

export function archiveFolder(options: HubOptions): string {
  return options.outputs[0]?.folder ?? join(options.data_dir, 'archive');
}

export interface ListenAddress {
  readonly host: string;
  readonly port: number;
}

/** `host:port`, an IPv6 host in brackets. */
export function parseAddress(text: string): ListenAddress | undefined {
  const [, bracketed, plain, digits] = /^(?:\[([^\]]+)\]|([^:]+)):(\d{1,5})$/.exec(text) ?? [];
  const host = bracketed ?? plain;
  const port = Number(digits);
  return host === undefined || port > 65_535 ? undefined : { host, port };
}

function isLoopback(text: string): boolean {
  const host = parseAddress(text)?.host;
  if (host === undefined) return false;
  return host === 'localhost' || host === '::1' || (isIP(host) === 4 && host.startsWith('127.'));
}
