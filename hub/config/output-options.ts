/** The outputs: where records go. */
import { isDeepStrictEqual } from 'node:util';
import { isHubAddress } from '@tributary/shared/network/hub-address.ts';
import { bytesBetween, durationBetween } from '@tributary/shared/options/units.ts';
import * as z from 'zod';
import { archiveOutput, type ArchiveOutputOptions } from './archive-options.ts';
import { elasticsearchOutput, type ElasticsearchOutputOptions } from './elasticsearch-options.ts';
import { tenantName, typeName } from './names.ts';

const outputName = z.string().regex(/^[a-z0-9_-]{1,50}$/, 'must be 1 to 50 of a-z, 0-9, - and _');
const from = z
  .enum(['earliest', 'now'])
  .default('earliest')
  .describe('Where an output that is new begins: with what is retained, or with what comes from now on.');

export const upstreamOutput = z.strictObject({
  kind: z.literal('upstream').describe('The hubs of a higher site: batches are passed on as they came, platform events too.'),
  name: outputName.default('upstream').describe('Its progress is kept under this name.'),
  hubs: z
    .array(z.string().refine(isHubAddress, 'must be wss://host:port, or ws://host:port'))
    .max(64)
    .default([])
    .describe("Addresses of the higher site's agents listeners. Those that `tributary-hub enroll` was told unless set."),
  hub_policy: z
    .enum(['ordered', 'balanced'])
    .default('ordered')
    .describe("Which of them is preferred: the first, or one by this hub's id."),
  tenants: z.array(tenantName).max(1000).optional().describe('Only channels of these tenants.'),
  types: z.array(typeName).max(1000).optional().describe('Only these log types.'),
  labels: z.record(z.string().min(1), z.string()).optional().describe('Only batches with a stream that has all of these labels.'),
  from,
  standby_for: outputName
    .optional()
    .describe('The upstream that this one stands in for: quiet while that one takes what there is. With the same channels.'),
  after: durationBetween({ min: '1s', max: '1h' })
    .prefault('10s')
    .describe('A standby is sent to when the other one has had no connection, or taken nothing of what waits, for so long.'),
  credentials: z
    .string()
    .min(1)
    .optional()
    .describe(
      'Folder with the certificate for that site, which `tributary-hub enroll` makes. `upstream/<name>` in `data_dir` unless set.',
    ),
  plaintext: z.boolean().default(false).describe('ws:// to another machine: logs can be read on the way.'),
  proxy: z
    .url({ protocol: /^https?$/ })
    .optional()
    .describe('HTTP proxy that is asked for a tunnel (CONNECT).'),
  rate_limit: bytesBetween({ min: '1KiB' }).optional().describe('Bytes of bodies a second. None unless set.'),
});

export const outputs = z
  .array(z.discriminatedUnion('kind', [archiveOutput, elasticsearchOutput, upstreamOutput]))
  .min(1)
  .max(16)
  .prefault([{ kind: 'archive' }])
  .superRefine((list, report) => {
    const names = new Set<string>();
    for (const [index, { name }] of list.entries()) {
      if (names.has(name)) {
        report.addIssue({ code: 'custom', path: [index, 'name'], message: `another output is called ${name} already` });
      }
      names.add(name);
    }
    for (const [index, message] of standbyTroubles(list))
      report.addIssue({ code: 'custom', path: [index, 'standby_for'], message });
    if (list.filter(({ kind }) => kind === 'archive').length > 1) {
      report.addIssue({ code: 'custom', path: [], message: 'one archive at most' });
    }
  })
  .describe('Where records go, each with progress of its own. One archive at most, and any number of the others.');

type OutputChoice = ArchiveOutputOptions | ElasticsearchOutputOptions | UpstreamOutputOptions;

/** What is wrong with a standby, by its place in the list. */
function* standbyTroubles(list: readonly OutputChoice[]): Iterable<[number, string]> {
  const upstreams = list.filter((output) => output.kind === 'upstream');
  const taken = new Set<string>();
  for (const [index, output] of list.entries()) {
    if (output.kind !== 'upstream' || output.standby_for === undefined) continue;
    const other = upstreams.find(({ name }) => name === output.standby_for);
    if (other === undefined || other === output) yield [index, `no other upstream output is called ${output.standby_for}`];
    else if (other.standby_for !== undefined) yield [index, `${other.name} is a standby itself`];
    else if (taken.has(other.name)) yield [index, `${other.name} has a standby already`];
    else if (!isDeepStrictEqual(chosenBy(output), chosenBy(other))) {
      yield [index, `must have the tenants, types and labels of ${other.name}, as it gets what that one does not take`];
    } else if (output.from === 'now') yield [index, `goes on where ${other.name} ends: leave out from`];
    taken.add(output.standby_for);
  }
}

function chosenBy({ tenants, types, labels }: UpstreamOutputOptions): object {
  return { tenants, types, labels };
}

/** Names of those that take what pipelines make: an upstream passes on batches as they came. */
export function documentOutputs(list: z.output<typeof outputs>): string[] {
  return list.filter(({ kind }) => kind !== 'upstream').map(({ name }) => name);
}

export type UpstreamOutputOptions = z.output<typeof upstreamOutput>;
