/**
 * The agent's configuration file: the one definition that `check`, the JSON Schema, the options page and the types come from.
 * Loaded only while a file is read (config/config-thread.ts) and by the packaging, never by a running agent.
 */
import { labelNameBytesMax, labelsMax, labelValueBytesMax } from '@tributary/protocol/limits.ts';
import { bytesBetween, durationBetween } from '@tributary/shared/options/units.ts';
import * as z from 'zod';
import { isHubAddress, isOpenlyReached } from '@tributary/shared/network/hub-address.ts';
import { hubRule, namePattern, nameRule, plaintextRule } from './config/rules.ts';
import { execInputOptions } from './inputs/exec/options.ts';
import { fileInputOptions } from './inputs/file/options.ts';
import { canaryInputOptions } from './inputs/canary/options.ts';
import { dockerInputOptions } from './inputs/docker/options.ts';
import { journaldInputOptions } from './inputs/journald/options.ts';
import { kubernetesInputOptions } from './inputs/kubernetes/options.ts';
import { linesInputOptions } from './inputs/lines/options.ts';
import { metricsInputOptions } from './inputs/metrics/options.ts';
import { stdinInputOptions } from './inputs/stdin/options.ts';
import { syslogInputOptions } from './inputs/syslog/options.ts';
import { rotationOptions } from './rotation/options.ts';
import { tlsOptions } from './tls/tls-options.ts';
import { prometheusOptions } from './status/prometheus/prometheus-options.ts';

const hubAddress = z
  .string()
  .refine(isHubAddress, hubRule)
  .describe('Address of a hub: `wss://host:port`; `ws://` on this machine only, unless `plaintext` is set.');

const batchOptions = z.strictObject({
  max_bytes: bytesBetween({ min: '4KiB', max: '2MiB' })
    .prefault('1MiB')
    .describe('A batch is closed at this many bytes, before compression.'),
  max_records: z.int().min(1).max(65_536).default(65_536).describe('A batch is closed at this many records.'),
  flush_interval: durationBetween({ min: '1ms', max: '1m' })
    .prefault('200ms')
    .describe('A batch is closed this long after its first record came. A hub may ask for longer.'),
});

const bufferOptions = z.strictObject({
  max_bytes: bytesBetween({ min: '4MiB' })
    .prefault('1GiB')
    .describe(
      'Bytes of compressed batches on disk. At this limit each input does as its `overflow` says: files wait in place unless told otherwise. Platform events have 8 MiB beyond it.',
    ),
  replay_window: durationBetween({ min: '0s', max: '7d' })
    .prefault('5m')
    .describe('How long batches are kept after the hub acknowledged them, for a hub whose store was lost or restored.'),
  replay_max_bytes: bytesBetween({}).prefault('256MiB').describe('How much of them is kept at most.'),
  reserve_bytes: bytesBetween({ min: '2MiB', max: '1GiB' })
    .prefault('8MiB')
    .describe(
      'Room kept free by a file of this size, which is given up on a full disk so that acknowledged batches can be deleted.',
    ),
});

const plainOptions = z.strictObject({
  data_dir: z
    .string()
    .startsWith('/', 'must be an absolute path')
    .default('/var/lib/tributary/agent')
    .describe('Folder of the identity and the buffer. On a local file system; used by one agent at a time.'),
  run_dir: z
    .string()
    .startsWith('/', 'must be an absolute path')
    .default('/run/tributary')
    .describe('Folder of the socket that `status` asks.'),
  tenant: z.string().regex(namePattern, nameRule).default('default').describe('Owner of the records of inputs that name none.'),
  labels: z
    .record(z.string().min(1).max(labelNameBytesMax), z.string().max(labelValueBytesMax))
    .refine((labels) => Object.keys(labels).length <= labelsMax, `must be at most ${labelsMax} labels`)
    .default({})
    .describe('Added to every record.'),
  hubs: z.array(hubAddress).min(1, 'needs at least one hub').describe('Hubs of one site.'),
  hub_policy: z
    .enum(['ordered', 'balanced'])
    .default('ordered')
    .describe(
      'Which hub is preferred: the first of the list, or one that each agent draws for itself, so that agents spread over the hubs. The others stand in for it.',
    ),
  connection_max_age: durationBetween({ min: '0s', max: '7d' })
    .prefault('1h')
    .describe(
      'About how old a connection to a hub gets; then it is left, with everything answered, for a new one. 0: as old as it can. Lets a balancer in between spread agents anew.',
    ),
  rate_limit: bytesBetween({ min: '16KiB' })
    .optional()
    .describe(
      'Bytes a second, compressed, that are sent to the hub at most, so that a backlog leaves room on the link. Platform events do not wait for it; what they take is paid back.',
    ),
  tls: tlsOptions
    .prefault({})
    .describe('Certificates of the connection to hubs. Nothing of it is needed after `tributary-agent enroll`.'),
  plaintext: z
    .boolean()
    .default(false)
    .describe(
      'Lets `hubs` be `ws://` outside of this machine: everybody on the way can read and change what is sent, and the hub cannot know who sends it.',
    ),
  proxy: z
    .string()
    .refine(isProxyAddress, 'must be an address such as http://proxy.example.com:3128')
    .optional()
    .describe('HTTP proxy that connections to hubs are tunnelled through (CONNECT).'),
  inputs: z
    .array(
      z.discriminatedUnion('kind', [
        fileInputOptions,
        dockerInputOptions,
        kubernetesInputOptions,
        journaldInputOptions,
        metricsInputOptions,
        syslogInputOptions,
        linesInputOptions,
        stdinInputOptions,
        execInputOptions,
        canaryInputOptions,
      ]),
    )
    .default([])
    .describe('What is read. Reloaded when this file changes, without losing a position.'),
  rotation: rotationOptions.describe('Logs that the agent rotates, in groups. Reloaded when this file changes.'),
  batch: batchOptions.prefault({}).describe('When a batch is closed.'),
  buffer: bufferOptions.prefault({}).describe('The buffer on disk.'),
  events: z
    .strictObject({
      enabled: z
        .boolean()
        .default(true)
        .describe('Send what happens to this agent (start, rotation, losses, hub lost…) as platform events, too.'),
      measured: durationBetween({ min: '1s', max: '1h' })
        .prefault('10s')
        .describe(
          'How often the agent tells how it is: inputs and the files furthest behind, buffer, books, rates, memory. While nothing changes: every minute, or this often where that is longer.',
        ),
    })
    .prefault({})
    .describe('Events of the agent itself. They are logged and counted in any case.'),
  prometheus: prometheusOptions.describe('Metrics of the agent for Prometheus. Without it no port is open.'),
  log: z
    .strictObject({
      level: z.enum(['debug', 'info', 'warn', 'error']).default('info').describe('Least level of what is logged.'),
    })
    .prefault({})
    .describe("The agent's own log, on standard error."),
});

/** Nothing goes over a network in the clear by mistake. */
export const agentOptions = plainOptions.check(({ value, issues }) => {
  const { hubs, proxy, plaintext } = value;
  if (plaintext) return;
  for (const [index, hub] of hubs.entries()) {
    if (!isOpenlyReached(hub, proxy)) continue;
    issues.push({ code: 'custom', input: hub, path: ['hubs', index], message: plaintextRule });
  }
});

export type AgentConfig = z.output<typeof agentOptions>;
export type InputConfig = AgentConfig['inputs'][number];

function isProxyAddress(text: string): boolean {
  return URL.canParse(text) && /^https?:$/.test(new URL(text).protocol);
}
