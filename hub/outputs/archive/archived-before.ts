/**
 * What is archived although the store does not know it: after a change of the Redis master (or of the store) the index may lack rows, and
 * lines come again, under other sequences, that are in objects already. Before the first plan under another generation of the store the
 * owner of a back topic's partition reads the manifests that are newer than the index, looks whether their objects are whole, puts their
 * rows back, and from then on leaves out what they hold. Which positions that is stays in a file beside the objects, as agents
 * that were away may send them much later:
 *
 *     <archive>/<tenant>/<type>/.archived-<partition>.json
 *
 * Order: what is held into the file, which is not settled yet; rows back in the index (durable); the file settled; then the first plan. Who
 * breaks off in between, or does not hear whether the rows were put back, begins anew: a manifest whose row is there again tells nothing,
 * and what it holds is in the file.
 */
import * as z from 'zod';
import type { LazyThread } from '../../groups/lazy-thread.ts';
import type { ArchiveObject, Lease, Queue } from '../../queue/queue.ts';
import type { ArchiveContract } from './archive-contract.ts';
import type { ArchiveEvents } from './events.ts';
import { findManifests } from './find-manifests.ts';
import { HeldRanges } from './held-ranges.ts';
import type { FoundManifest } from './manifest.ts';
import type { ArchiveStore } from './store/archive-store.ts';

export interface ArchivedBeforeOptions {
  readonly queue: Pick<Queue, 'archiveObjects' | 'restoreArchived' | 'generationOf' | 'partitions'>;
  readonly store: Pick<ArchiveStore, 'names' | 'read' | 'write'>;
  readonly thread: LazyThread<ArchiveContract>;
  readonly events: ArchiveEvents;
}

interface Settled {
  readonly generation: number;
  readonly held: HeldRanges;
}

interface IndexRead {
  /** Of each partition, when it began. */
  readonly generations: readonly number[];
  readonly rows: Promise<readonly ArchiveObject[]>;
}

/** No store that loses anything is at it: held, but not looked for under the present one. */
const unsettled = 0;
const hourMs = 3_600_000;
const fileVersion = 1;
const position = z.int().min(0);
const fileSchema = z.object({
  version: z.literal(fileVersion),
  generation: position,
  streams: z.array(z.object({ stream: z.string(), ranges: z.array(z.tuple([position, position])) })),
});

export class ArchivedBefore {
  readonly #options: ArchivedBeforeOptions;
  readonly #settled = new Map<string, Settled>();
  /** The index is read once for all channels that ask at a time. */
  #index: IndexRead | undefined;

  constructor(options: ArchivedBeforeOptions) {
    this.#options = options;
  }

  /** What is to be left out of the objects to come. Rejects while it cannot be found out; nothing may be planned until then. */
  async heldFor(lease: Lease, channel: string): Promise<HeldRanges | 'fenced'> {
    const { queue } = this.#options;
    // The lease's own: what the partition is taken to be at may for a moment be what a late answer of the master before told.
    const { generation } = lease;
    // A store that loses nothing.
    if (generation === 0) return new HeldRanges();
    const place = `${lease.partition} ${channel}`;
    const known = this.#settled.get(place);
    if (known?.generation === generation) return known.held;
    const stored = await this.#read(channel, lease.partition);
    if (stored?.generation === generation) {
      this.#settled.set(place, stored);
      return stored.held;
    }
    const held = stored?.held ?? new HeldRanges();
    // The oldest first: who goes on after a crash looks from the newest row on.
    for await (const found of this.#missing(lease, channel, generation)) {
      for (const segment of found.flatMap(({ segments }) => segments)) held.add(segment);
      if (!held.isEmpty) await this.#write(channel, lease.partition, { generation: unsettled, held });
      const restored = await queue.restoreArchived(
        lease,
        found.map(({ object }) => object),
      );
      if (restored === 'fenced') return 'fenced';
      this.#options.events.restored(channel, lease.partition, found.length);
    }
    // Where nothing is held the next owner may well look again.
    if (!held.isEmpty) await this.#write(channel, lease.partition, { generation, held });
    this.#settled.set(place, { generation, held });
    return held;
  }

  /** Manifests without a row whose objects are whole, in the order of the topic. */
  async *#missing(
    { partition }: Lease,
    channel: string,
    generation: number,
  ): AsyncGenerator<readonly FoundManifest[], void, undefined> {
    const { store, thread, events } = this.#options;
    const rows = (await this.#readIndex(partition, generation)).filter(
      (row) => row.channel === channel && row.partition === partition,
    );
    const known = new Set(rows.map(({ name }) => name));
    const newestMs = rows.reduce((newest, { receivedMsMin }) => Math.max(newest, receivedMsMin), 0);
    // Receive times of a partition never go back, except by what its clock was behind on the lost master.
    for await (const manifests of findManifests({ store, channel, partition, sinceMs: newestMs - hourMs, known })) {
      const whole: FoundManifest[] = [];
      for (const manifest of manifests) {
        const { name, sha256 } = manifest.object;
        if ((await thread.call('checksum', { name })) === sha256) whole.push(manifest);
        else events.damaged(name);
      }
      if (whole.length > 0) yield whole.toSorted(byPlace);
    }
  }

  /** One that began before the change may have rows that are lost. */
  async #readIndex(partition: number, generation: number): Promise<readonly ArchiveObject[]> {
    const { queue } = this.#options;
    if (this.#index?.generations[partition] !== generation) {
      const generations = Array.from({ length: queue.partitions }, (_, at) => queue.generationOf(at));
      const index = { generations, rows: queue.archiveObjects() };
      this.#index = index;
      const end = (): void => {
        if (this.#index === index) this.#index = undefined;
      };
      void index.rows.then(end, end);
    }
    return await this.#index.rows;
  }

  async #read(channel: string, partition: number): Promise<Settled | undefined> {
    const text = await this.#options.store.read(fileOf(channel, partition));
    if (text === undefined) return undefined;
    const { generation, streams } = fileSchema.parse(JSON.parse(text.toString()));
    return { generation, held: new HeldRanges(streams) };
  }

  async #write(channel: string, partition: number, { generation, held }: Settled): Promise<void> {
    const file = { version: fileVersion, generation, streams: held.streams() };
    await this.#options.store.write(fileOf(channel, partition), `${JSON.stringify(file)}\n`);
  }
}

function fileOf(channel: string, partition: number): string {
  return `${channel}/.archived-${partition}.json`;
}

function byPlace({ object: one }: FoundManifest, { object: other }: FoundManifest): number {
  return one.receivedMsMin - other.receivedMsMin || one.first - other.first;
}
