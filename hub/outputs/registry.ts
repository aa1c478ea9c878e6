/** The kinds of outputs: the only place that names them. One more is one line here. */
import type { Clock } from '@tributary/shared/clock.ts';
import type { Logger } from '@tributary/shared/log.ts';
import type { Cluster } from '../cluster/cluster.ts';
import type { HubOptions } from '../options.ts';
import type { Findings } from '../health/findings.ts';
import type { HubEventSink } from '../platform/hub-events.ts';
import { archiveGroup, type Queue } from '../queue/queue.ts';
import type { Registry } from '../registry/registry.ts';
import type { HousekeepingOptions } from '../config/housekeeping-options.ts';
import type { PipelineSet } from '../processing/definition/pipeline-set.ts';
import type { Current } from '../reload/current.ts';
import type { SiteIds } from '../store/hub-store.ts';
import { ArchiveOutput } from './archive/archive-output.ts';
import { ElasticsearchOutput, elasticsearchPrefix } from './elasticsearch/elasticsearch-output.ts';
import type { Output } from './output.ts';
import { UpstreamOutput } from './upstream/upstream-output.ts';
import type { UpstreamWays } from './upstream/upstream-ways.ts';

export type OutputOptions = HubOptions['outputs'][number];

/** What an output of any kind may need of its hub. */
export interface OutputParts extends SiteIds {
  readonly queue: Queue;
  readonly cluster: Cluster;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly dataDir: string;
  readonly durability: HubOptions['queue']['durability'];
  readonly findings: Findings;
  readonly events: HubEventSink;
  /** The site's present health, as an upper site is told it. */
  readonly snapshot: () => Promise<unknown>;
  readonly crashPoint: string | undefined;
  /** What the hubs of a site share; undefined for a hub alone. */
  readonly site?: Pick<Registry, 'meta' | 'setMeta'> | undefined;
  /** What pipelines declare; none where nobody tells. */
  readonly pipelines?: Pick<Current<PipelineSet>, 'value' | 'onChanged'>;
  /** The rules of housekeeping; none where nobody tells. */
  readonly retention?: Pick<Current<HousekeepingOptions['retention']>, 'value' | 'onChanged'>;
  /** Which upstreams stand in for each other. */
  readonly ways?: UpstreamWays;
}

interface OutputKind<Kind extends OutputOptions['kind']> {
  /** Name of its reader groups. */
  readonly groupOf: (name: string) => string;
  /** The name of the output whose group this is; undefined: none of this kind. */
  readonly nameOf: (group: string) => string | undefined;
  /** Rejects with an OutputError when it cannot be as configured. */
  readonly open: (options: Extract<OutputOptions, { kind: Kind }>, parts: OutputParts) => Promise<Output>;
}

const upstreamPrefix = 'upstream:';

const kinds: { readonly [Kind in OutputOptions['kind']]: OutputKind<Kind> } = {
  // There is one archive and one index of it: under another name it is the same one and goes on.
  archive: {
    groupOf: () => archiveGroup,
    nameOf: (group) => (group === archiveGroup ? 'archive' : undefined),
    open: (options, parts) => ArchiveOutput.open({ ...parts, options }),
  },
  elasticsearch: {
    groupOf: (name) => `${elasticsearchPrefix}${name}`,
    nameOf: (group) => (group.startsWith(elasticsearchPrefix) ? group.slice(elasticsearchPrefix.length) : undefined),
    open: (options, parts) => ElasticsearchOutput.open({ ...parts, options }),
  },
  upstream: {
    groupOf: (name) => `${upstreamPrefix}${name}`,
    nameOf: (group) => (group.startsWith(upstreamPrefix) ? group.slice(upstreamPrefix.length) : undefined),
    open: (options, parts) => UpstreamOutput.open({ ...parts, options }),
  },
};

export function openOutput(options: OutputOptions, parts: OutputParts): Promise<Output> {
  if (options.kind === 'archive') return kinds.archive.open(options, parts);
  if (options.kind === 'elasticsearch') return kinds.elasticsearch.open(options, parts);
  return kinds.upstream.open(options, parts);
}

export function groupOfOutput({ kind, name }: Pick<OutputOptions, 'kind' | 'name'>): string {
  return kinds[kind].groupOf(name);
}

/** Undefined of a group that belongs to no output, as a pipeline's. */
export function outputOfGroup(group: string): { readonly kind: OutputOptions['kind']; readonly name: string } | undefined {
  for (const kind of ['archive', 'elasticsearch', 'upstream'] as const) {
    const name = kinds[kind].nameOf(group);
    if (name !== undefined) return { kind, name };
  }
  return undefined;
}
