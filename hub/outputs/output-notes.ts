/**
 * What the site remembers of its outputs: which of them have begun, which each hub is configured with, and so which groups have no
 * output any more. Those keep their progress, and what they have not passed, until somebody has them forgotten.
 */
import type { ChannelName } from '@tributary/protocol/messages.ts';
import type { Cluster } from '../cluster/cluster.ts';
import {
  backTopic,
  frontTopic,
  type GroupStatus,
  pipelineGroup,
  type Queue,
  type QueueStatus,
  type TopicName,
} from '../queue/queue.ts';
import type { Registry } from '../registry/registry.ts';
import { groupOfOutput, outputOfGroup, type OutputOptions } from './registry.ts';

export interface OutputNotesParts {
  readonly queue: Pick<Queue, 'status' | 'ensureGroup' | 'seekGroup' | 'removeGroup'>;
  readonly cluster: Pick<Cluster, 'hubId' | 'members'>;
  readonly registry: Pick<Registry, 'meta' | 'setMeta'>;
}

/** An output that is configured nowhere, whose groups are still there. */
export interface RemovedOutput {
  readonly name: string;
  readonly kind: string;
  readonly group: string;
  readonly reads: 'front' | 'back';
  readonly channels: readonly ChannelName[];
  readonly entries: number;
  readonly records: number;
  readonly bytes: number;
  /** Receive time of the oldest entry that it keeps; undefined when there is none. */
  readonly oldestMs: number | undefined;
}

export class OutputNotes {
  readonly #parts: OutputNotesParts;

  constructor(parts: OutputNotesParts) {
    this.#parts = parts;
  }

  /** Whether its groups were made for what it chooses now. */
  hasBegun(options: OutputOptions): boolean {
    return this.#parts.registry.meta(begunKey(groupOfOutput(options))) === choiceOf(options);
  }

  async begun(options: OutputOptions): Promise<void> {
    await this.#parts.registry.setMeta({ [begunKey(groupOfOutput(options))]: choiceOf(options) });
  }

  /** Other hubs must know, before one of them has an output forgotten. */
  async tellConfigured(groups: readonly string[]): Promise<void> {
    const { registry, cluster } = this.#parts;
    const key = configuredKey(cluster.hubId);
    const text = JSON.stringify(groups.toSorted());
    if (registry.meta(key) !== text) await registry.setMeta({ [key]: text });
  }

  /** `own`: the groups that are configured here. The store is asked, unless its figures were `looked` at a moment ago. */
  async removed(own: readonly string[], looked?: QueueStatus): Promise<RemovedOutput[]> {
    const configured = new Set([...own, ...this.#configuredElsewhere()]);
    const { groups } = looked ?? (await this.#parts.queue.status());
    const gone = groups.filter(
      ({ group, policy }) => policy === 'blocking' && outputOfGroup(group) !== undefined && !configured.has(group),
    );
    return [...Map.groupBy(gone, ({ group }) => group)].map(([group, places]) => removedOutput(group, places));
  }

  /**
   * Nothing is kept for it any more; of a back topic without any other reader nothing is made from then on. The groups of what reads back
   * topics stay, and what comes passes them by: were they made anew some day, what they had read would be in the archive twice.
   */
  async forget(removed: RemovedOutput, isBackRead: (channel: ChannelName) => boolean): Promise<void> {
    const { queue, registry } = this.#parts;
    const { group, reads, channels } = removed;
    if (reads === 'front') for (const channel of channels) await queue.removeGroup(frontTopic(channel), group);
    else {
      const { groups } = await queue.status();
      for (const channel of channels) {
        // First the pipeline: were it the other way round and a crash between, nobody would know that it has no purpose.
        if (!isBackRead(channel)) await this.#passBy(groups, frontTopic(channel), pipelineGroup);
        await this.#passBy(groups, backTopic(channel), group);
      }
    }
    await registry.setMeta({ [begunKey(group)]: '' });
  }

  /** Whoever works on the group changes nothing any more; whoever registers it again finds it where it is then. */
  async #passBy(groups: readonly GroupStatus[], topic: TopicName, group: string): Promise<void> {
    const { queue } = this.#parts;
    const places = groups.filter((place) => place.topic === topic && place.group === group);
    if (places.length === 0) return;
    await queue.ensureGroup({ topic, group, policy: { kind: 'expiring', ageMsMax: 0, bytesMax: 0 }, from: 'end' });
    for (const { partition } of places) await queue.seekGroup({ topic, group, partition }, { kind: 'end' });
  }

  #configuredElsewhere(): string[] {
    const { registry, cluster } = this.#parts;
    const others = cluster.members().filter(({ hubId }) => hubId !== cluster.hubId);
    return others.flatMap(({ hubId }) => groupsOf(registry.meta(configuredKey(hubId))));
  }
}

function removedOutput(group: string, places: readonly GroupStatus[]): RemovedOutput {
  const back = backTopic('');
  const isBack = places.some(({ topic }) => topic.startsWith(back));
  const prefix = isBack ? back : frontTopic('');
  const oldest = places.flatMap(({ oldestMs }) => oldestMs ?? []);
  return {
    name: outputOfGroup(group)?.name ?? group,
    kind: outputOfGroup(group)?.kind ?? '',
    group,
    reads: isBack ? 'back' : 'front',
    channels: [...new Set(places.map(({ topic }) => topic.slice(prefix.length)))].toSorted(),
    entries: sumOf(places, 'entries'),
    records: sumOf(places, 'records'),
    bytes: sumOf(places, 'bytes'),
    oldestMs: oldest.length === 0 ? undefined : Math.min(...oldest),
  };
}

function sumOf(places: readonly GroupStatus[], figure: 'entries' | 'records' | 'bytes'): number {
  return places.reduce((sum, place) => sum + place[figure], 0);
}

/** What decides which channels it reads. */
function choiceOf(options: OutputOptions): string {
  const { tenants, types } = options.kind === 'archive' ? { tenants: undefined, types: undefined } : options;
  return JSON.stringify({ tenants: tenants?.toSorted() ?? 'all', types: types?.toSorted() ?? 'all' });
}

function begunKey(group: string): string {
  return `output-begun ${group}`;
}

function configuredKey(hubId: string): string {
  return `outputs-of ${hubId}`;
}

function groupsOf(text: string | undefined): string[] {
  if (text === undefined || text === '') return [];
  const value: unknown = JSON.parse(text);
  return Array.isArray(value) ? value.filter((one) => typeof one === 'string') : [];
}
