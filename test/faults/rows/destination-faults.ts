/** What happens to an Elasticsearch and a bucket, on the way to them, and to what they are given. */
import type { ElasticBed } from '../beds/elastic-bed.ts';
import type { Fault } from '../fault.ts';

const output = 'output/elastic';
/** What is to go there waits. */
const waits = { 'topic/back/shop/*': waitsFor('elasticsearch:elastic') };
const archiveWaits = { 'topic/back/*': waitsFor('archive') };
const isLate =
  /Elasticsearch \(elastic\) answers late, or not at all \(what was sent at .* had no answer for 8 s\): .*; see whether it hangs/;

export const destinationFaults: readonly Fault<ElasticBed>[] = [
  {
    name: 'elasticsearch-frozen',
    what: 'the process of Elasticsearch hangs (SIGSTOP)',
    mended: 'it goes on (SIGCONT)',
    make: ({ parts }) => parts.elastic.pause(),
    repair: ({ parts }) => parts.elastic.resume(),
    node: output,
    colour: 'yellow',
    reason: isLate,
    also: waits,
  },
  {
    name: 'elasticsearch-slow',
    what: 'Elasticsearch takes twelve seconds for each answer',
    mended: 'it answers at once',
    make: ({ parts }) => void (parts.network.delayMs = 12_000),
    repair: ({ parts }) => void (parts.network.delayMs = 0),
    node: output,
    colour: 'yellow',
    reason: isLate,
    also: waits,
  },
  {
    name: 'elasticsearch-wrong-password',
    what: 'the password for Elasticsearch is another one',
    mended: 'it is right again',
    make: (bed) => bed.configure({ elastic: { password: 'another one' } }),
    repair: (bed) => bed.configure(),
    node: output,
    colour: 'red',
    reason: /Elasticsearch does not know these credentials: /,
    also: waits,
  },
  {
    name: 'mapping-conflict',
    what: 'a document has a text where its index has numbers',
    mended: 'the dead letters are looked at and thrown away',
    make: (bed) => bed.json('clash', { message: 'second', value: 'no number' }),
    repair: (bed) => bed.command(bed.parts.hub, 'dlq', 'drop', '--type', 'clash', '--yes'),
    node: 'channel/shop/clash',
    colour: 'yellow',
    reason: /shop\/clash: 1 document was refused .*: tributary-hub dlq list tells why; mend it, then dlq replay, or dlq drop/,
  },
  {
    name: 'index-volatile',
    what: 'an index is set to acknowledge what is not on disk',
    mended: 'it is set back',
    make: async ({ parts }) => {
      await parts.elastic.ask('PUT', '/logs-app-shop/_settings', { index: { translog: { durability: 'async' } } });
    },
    repair: async ({ parts }) => {
      await parts.elastic.ask('PUT', '/logs-app-shop/_settings', { index: { translog: { durability: 'request' } } });
    },
    node: output,
    colour: 'red',
    reason:
      /may lose what it acknowledges \(the index .* acknowledges what is not on disk: set index\.translog\.durability: request/,
    also: waits,
  },
  {
    name: 'shards-used-up',
    what: 'the cluster has all the shards that it may have, and a new index is needed',
    mended: 'it may have more',
    make: async (bed) => {
      await shardsPerNode(bed, 1);
      await bed.json('new', { message: 'of a new type' });
    },
    repair: (bed) => shardsPerNode(bed, null),
    node: output,
    colour: 'red',
    reason: /has as many shards as it may have, .*: what is for it waits here; delete indices that nobody needs/,
    also: waits,
  },
  {
    name: 'bucket-killed',
    what: 'the S3 server is killed',
    mended: 'it runs again',
    make: ({ parts }) => parts.bucket.kill(),
    repair: ({ parts }) => parts.bucket.restart(),
    node: 'output/archive',
    colour: 'yellow',
    reason: /objects of the archive cannot be written: .* nothing answers at that address: correct endpoint, or start the server/,
    also: archiveWaits,
  },
  {
    name: 'bucket-wrong-key',
    what: 'the key for the S3 server is a wrong one',
    mended: 'it is right again',
    make: (bed) => bed.configure({ s3: { secret_key: 'a-wrong-key' } }),
    repair: (bed) => bed.configure(),
    node: 'output/archive',
    colour: 'yellow',
    reason: /objects of the archive cannot be written: .*SignatureDoesNotMatch 403: .*: correct secret_key/,
    also: archiveWaits,
  },
  {
    // The last one, as a start of it takes half a minute of a core.
    name: 'elasticsearch-killed',
    what: 'the process of Elasticsearch is killed',
    mended: 'it runs again',
    make: ({ parts }) => parts.elastic.kill(),
    repair: ({ parts }) => parts.elastic.restart(),
    node: output,
    colour: 'yellow',
    reason:
      /Elasticsearch \(elastic\) cannot be reached \(.*\): what is for it waits here; see whether it runs and this hub reaches it/,
    also: waits,
  },
];

async function shardsPerNode({ parts }: ElasticBed, most: number | null): Promise<void> {
  await parts.elastic.ask('PUT', '/_cluster/settings', { persistent: { 'cluster.max_shards_per_node': most } });
}

/** It tells why, and how long it has been so. */
function waitsFor(group: string): RegExp {
  return new RegExp(
    `: ${group} gets nowhere although (an entry waits|entries wait) for it: (?!see the log)|still waits for ${group}: it is behind`,
  );
}
