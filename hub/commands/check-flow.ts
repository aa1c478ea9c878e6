/** What a configuration means for the data: where it is queued, with whom, and where it goes. Sentences for people. */
import { formatBytes, formatDuration } from '@tributary/shared/options/units.ts';
import type { ElasticsearchOutputOptions } from '../config/elasticsearch-options.ts';
import type { ArchiveOutputOptions } from '../config/archive-options.ts';
import type { UpstreamOutputOptions } from '../config/output-options.ts';
import { archivePlaceOf, type HubOptions } from '../options.ts';

export function flowLines(options: HubOptions): string[] {
  return [queueLine(options), ...options.outputs.map((output) => outputLine(output, options)), ...remarks(options)];
}

function queueLine({ queue, cluster }: HubOptions): string {
  const sizes = `at most ${formatBytes(queue.max_bytes)}, ${formatBytes(queue.topic_max_bytes)} a channel`;
  if (queue.redis === undefined) return `queue in data_dir, for this hub alone, ${sizes}`;
  const { url, sentinels, cluster: nodes, prefix, min_replicas: replicas, spill } = queue.redis;
  const way = sentinels !== undefined ? `${sentinels.length} Sentinels` : nodes !== undefined ? 'a Redis Cluster' : hostOf(url);
  const acks = replicas === 0 ? '' : `, acks wait for ${replicas} replicas`;
  const beyond = spill === undefined ? '' : `, beyond memory in ${spill}`;
  return `queue in Redis (${way}, keys ${prefix}:…), shared with the other hubs of the site, ${sizes}${acks}${beyond}; this hub: ${cluster.roles.join(' and ')}`;
}

/** Without the password that may stand in it. */
function hostOf(url: string | undefined): string {
  return url === undefined ? 'one' : new URL(url).host;
}

function outputLine(output: HubOptions['outputs'][number], options: HubOptions): string {
  if (output.kind === 'archive') return archiveLine(output, options);
  return output.kind === 'elasticsearch' ? elasticsearchLine(output) : upstreamLine(output);
}

function archiveLine(output: ArchiveOutputOptions, options: HubOptions): string {
  const { object_bytes: bytes, roll_interval: interval, compression, encryption } = output;
  const encrypted = encryption?.new_objects === true ? ', encrypted' : '';
  return `archive ${archivePlaceOf(options)}, an object each ${formatDuration(interval)} or ${formatBytes(bytes)}, ${compression}${encrypted}`;
}

function elasticsearchLine({ name, urls, tenants, types, from, indices, rejected }: ElasticsearchOutputOptions): string {
  const what = chosenText({ tenants, types });
  const kind = indices === 'daily' ? 'an index a day' : 'data streams';
  const refused = rejected === 'failure_store' ? "the server's failure store" : 'dead letters';
  return `elasticsearch ${name} at ${urls.join(', ')}: ${what}, ${kind}; what it refuses goes to ${refused}; when it is new it ${startText(from)}`;
}

function upstreamLine(output: UpstreamOutputOptions): string {
  const { name, hubs, tenants, types, labels, from, rate_limit: rate, standby_for: other, after } = output;
  const where = hubs.length === 0 ? 'the hubs that enrolment told' : hubs.join(', ');
  const what = chosenText({ tenants, types, labels });
  const limit = rate === undefined ? '' : `, at most ${formatBytes(rate)}/s`;
  if (other !== undefined) {
    return `upstream ${name} to ${where}: ${what}${limit}; quiet unless ${other} takes nothing for ${formatDuration(after)}`;
  }
  return `upstream ${name} to ${where}: ${what}${limit}; when it is new it ${startText(from)}`;
}

function startText(from: 'earliest' | 'now'): string {
  return from === 'now' ? 'begins with what comes from now on' : 'begins with what is retained';
}

function chosenText({
  tenants,
  types,
  labels = {},
}: Partial<Pick<UpstreamOutputOptions, 'tenants' | 'types' | 'labels'>>): string {
  const wanted = Object.entries(labels).map(([key, value]) => `${key}=${value}`);
  const chosen = [
    ...(tenants === undefined ? [] : [`tenants ${tenants.join(', ')}`]),
    ...(types === undefined ? [] : [`types ${types.join(', ')}`]),
    ...(wanted.length === 0 ? [] : [`streams with ${wanted.join(', ')}`]),
  ];
  return chosen.length === 0 ? 'everything' : `only ${chosen.join(' and ')}`;
}

function remarks({ outputs, queue }: HubOptions): string[] {
  const found: string[] = [];
  if (outputs.every(({ kind }) => kind === 'upstream')) {
    found.push('note: without an archive nothing is kept here once an upstream has it, and no pipeline runs');
  }
  if (outputs.every((output) => output.kind !== 'archive' && isChoosy(output))) {
    found.push('note: what no output takes is kept until its topic is full, and its senders wait then');
  }
  if (
    queue.redis !== undefined &&
    outputs.some((output) => output.kind === 'archive' && output.folder === undefined && output.s3 === undefined)
  ) {
    found.push('warning: several hubs share one archive: name a folder of outputs.archive that all of them have, or a bucket');
  }
  return found;
}

function isChoosy({ tenants, types, labels }: Partial<Pick<UpstreamOutputOptions, 'tenants' | 'types' | 'labels'>>): boolean {
  return tenants !== undefined || types !== undefined || labels !== undefined;
}
