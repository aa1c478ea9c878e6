/**
 * Where each chain ends: a small file beside the objects of a channel says it, so that who takes a partition over goes on there. It also tells
 * verify which object is the newest: without it the end of a chain could be cut off unseen.
 *
 *     <archive>/<tenant>/<type>/.chain-<partition>.json
 *
 * Order: object, manifest, this file, then row and cursor in one step. The same plan after a crash finds its own name here, and the link before
 * it: the same manifest again. A hub that was stopped for long in between may put the file back by an object or more when it goes on; so a file
 * that does not tell of the entry right before a plan is not taken at its word: the manifests since then are looked at.
 */
import type { ChannelName } from '@tributary/protocol/messages.ts';
import * as z from 'zod';
import type { ArchivePlan } from '../../../queue/queue.ts';
import { findManifests } from '../find-manifests.ts';
import type { ArchiveStore } from '../store/archive-store.ts';
import { type ChainLink, type ChainPlace, placeBehind } from './chain-link.ts';

export interface ChainEnd extends ChainLink {
  /** Of the newest object. */
  readonly name: string;
  /** Its last entry. */
  readonly last: number;
  readonly before: ChainLink | undefined;
}

const fileVersion = 1;
const link = z.object({ number: z.int().min(1), link: z.string() });
const schema = link.extend({ version: z.literal(fileVersion), name: z.string(), last: z.int(), before: link.nullable() });
const hourMs = 3_600_000;

export function chainFile(channel: ChannelName, partition: number): string {
  return `${channel}/.chain-${partition}.json`;
}

/** Undefined where there is none; throws where it is damaged. */
export async function readChainEnd(
  store: Pick<ArchiveStore, 'read'>,
  channel: ChannelName,
  partition: number,
): Promise<ChainEnd | undefined> {
  const text = await store.read(chainFile(channel, partition));
  if (text === undefined) return undefined;
  try {
    const { before, ...end } = schema.parse(JSON.parse(text.toString()));
    return { ...end, before: before ?? undefined };
  } catch (cause) {
    throw new Error(`${chainFile(channel, partition)} in the archive is damaged: tributary-hub archive reindex makes it again`, {
      cause,
    });
  }
}

export async function writeChainEnd(
  store: Pick<ArchiveStore, 'write'>,
  place: { readonly channel: ChannelName; readonly partition: number },
  { name, last, number, link: own, before }: ChainEnd,
): Promise<void> {
  const file = { version: fileVersion, name, last, number, link: own, before: before ?? null };
  await store.write(chainFile(place.channel, place.partition), `${JSON.stringify(file)}\n`);
}

type Store = Pick<ArchiveStore, 'read' | 'write' | 'names'>;

export class Chains {
  readonly #store: Store;
  /** Where this hub left off. Somebody else's objects move the cursor beyond it. */
  readonly #ends = new Map<string, ChainEnd>();

  constructor(store: Store) {
    this.#store = store;
  }

  /** The place of a plan's object. */
  async placeOf(channel: ChannelName, plan: ArchivePlan): Promise<ChainPlace> {
    return placeBehind(await this.#before(channel, plan));
  }

  /** An object is there: what comes next goes behind it. */
  async written(
    channel: ChannelName,
    plan: ArchivePlan,
    { place, link: own }: { readonly place: ChainPlace; readonly link: string },
  ): Promise<void> {
    const { partition, name, last } = plan;
    const before = place.number === 1 ? undefined : { number: place.number - 1, link: place.previous };
    const end = { name, last, number: place.number, link: own, before };
    await writeChainEnd(this.#store, { channel, partition }, end);
    this.#ends.set(`${partition} ${channel}`, end);
  }

  async #before(channel: ChannelName, { partition, first, name }: ArchivePlan): Promise<ChainLink | undefined> {
    const known = this.#ends.get(`${partition} ${channel}`);
    if (known?.last === first - 1 && storeOf(known.name) === storeOf(name)) return known;
    const end = await readChainEnd(this.#store, channel, partition);
    if (end === undefined) return undefined;
    if (end.name === name) return end.before;
    if (end.last === first - 1 && storeOf(end.name) === storeOf(name)) return end;
    return (await this.#newest(channel, partition, { end, name })) ?? end;
  }

  /** The chained one with the highest number behind what the file tells of, but for the plan's own. */
  async #newest(
    channel: ChannelName,
    partition: number,
    { end, name }: { readonly end: ChainEnd; readonly name: string },
  ): Promise<ChainLink | undefined> {
    let newest: ChainLink | undefined;
    const search = { store: this.#store, channel, partition, sinceMs: hourOf(end.name) - hourMs, known: new Set([name]) };
    for await (const found of findManifests(search)) {
      for (const { chain } of found) {
        if (chain !== undefined && chain.number > (newest?.number ?? end.number)) newest = chain;
      }
    }
    return newest;
  }
}

/** Sequences of another store, or of one that went back, are others. */
function storeOf(name: string): string {
  const file = name.slice(name.lastIndexOf('/') + 1);
  return file.slice(0, file.indexOf('-'));
}

/** When the hour began that an object is in. */
function hourOf(name: string): number {
  const [year = 0, month = 1, day = 1, hour = 0] = name.split('/').slice(2, 6).map(Number);
  return Date.UTC(year, month - 1, day, hour);
}
