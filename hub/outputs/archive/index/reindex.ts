/**
 * The index made again from the store alone: rows of objects whose manifests are beside them. Manifests are the mirror of the index; the rows go to
 * the hub, which adds those that are not there. Where a file that tells the end of a chain is missing or damaged, it is written again.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import type { ArchiveObject } from '../../../queue/queue.ts';
import { placeBehind } from '../chain/chain-link.ts';
import { readChainEnd, writeChainEnd } from '../chain/chains.ts';
import type { FoundManifest } from '../manifest.ts';
import { manifestName } from '../object-name.ts';
import type { ArchiveStore } from '../store/archive-store.ts';
import { type ChannelChoice, type SurveyedChannel, surveyedChannels } from './survey.ts';

export interface ReindexParts {
  readonly store: ArchiveStore;
  readonly choice: ChannelChoice;
  /** Names that the index has: they are not asked for. */
  readonly known: ReadonlySet<string>;
  /** Resolves with how many were added. Undefined: nothing is changed, and what would be is counted. */
  readonly add: ((objects: readonly ArchiveObject[]) => Promise<number>) | undefined;
  readonly onProblem: (object: string, text: string) => void;
  readonly onProgress: (sums: Readonly<ReindexSums>) => void;
}

export interface ReindexSums {
  objects: number;
  known: number;
  added: number;
  /** Ends of chains that were written again. */
  chains: number;
  kept: number;
  problems: number;
}

/** Of one request to the hub. */
export const reindexRowsMax = 1000;
/** A hub that still lives writes a manifest within this time behind its object. */
const beingWrittenMs = 2000;

export async function reindexArchive(parts: ReindexParts): Promise<Readonly<ReindexSums>> {
  const sums: ReindexSums = { objects: 0, known: 0, added: 0, chains: 0, kept: 0, problems: 0 };
  const undescribed: string[] = [];
  for await (const surveyed of surveyedChannels(parts.store, parts.choice)) {
    sums.objects += surveyed.objects.size;
    sums.kept += surveyed.kept.length;
    const missing = missingRows(parts, surveyed, sums);
    for (let done = 0; done < missing.length; done += reindexRowsMax) {
      const rows = missing.slice(done, done + reindexRowsMax);
      sums.added += parts.add === undefined ? rows.length : await parts.add(rows);
      parts.onProgress(sums);
    }
    undescribed.push(...undescribedIn(surveyed));
    await endChains(parts, surveyed, sums);
    parts.onProgress(sums);
  }
  await lookAgain(parts, undescribed, sums);
  return sums;
}

function undescribedIn({ objects, manifests }: SurveyedChannel): string[] {
  const described = new Set(manifests.flatMap(({ manifest }) => manifest?.object.name ?? []));
  const unread = new Set(manifests.map(({ name }) => name));
  return [...objects.keys()].filter((name) => !described.has(name) && !unread.has(manifestName(name)));
}

/** The manifest of an object that a hub is just writing comes a moment behind it, and its row is that hub's to add. */
async function lookAgain(
  { store, onProblem }: Pick<ReindexParts, 'store' | 'onProblem'>,
  undescribed: readonly string[],
  sums: ReindexSums,
): Promise<void> {
  if (undescribed.length > 0) await sleep(beingWrittenMs);
  for (const name of undescribed) {
    const isDescribed = (await store.read(manifestName(name))) !== undefined;
    if (isDescribed || (await store.checksum(name)) === undefined) continue;
    sums.problems += 1;
    onProblem(name, 'it has no manifest: nothing tells what it holds');
  }
}

/** The oldest first. */
function missingRows(parts: ReindexParts, { objects, manifests }: SurveyedChannel, sums: ReindexSums): ArchiveObject[] {
  const problem = (object: string, text: string): void => {
    sums.problems += 1;
    parts.onProblem(object, text);
  };
  const rows: ArchiveObject[] = [];
  for (const { name, manifest } of manifests) {
    if (manifest === undefined) {
      problem(name, 'it is a manifest that cannot be read, or of another object');
      continue;
    }
    const { object } = manifest;
    const file = objects.get(object.name);
    if (parts.known.has(object.name)) sums.known += 1;
    else if (file === undefined) problem(object.name, 'its manifest is there, and it is not');
    else if (file.bytes !== object.objectBytes)
      problem(object.name, `it has ${file.bytes} bytes instead of ${object.objectBytes}`);
    else rows.push(object);
  }
  return rows.toSorted((one, other) => one.receivedMsMin - other.receivedMsMin || one.first - other.first);
}

async function endChains(
  { store, add }: ReindexParts,
  { channel, manifests }: SurveyedChannel,
  sums: ReindexSums,
): Promise<void> {
  const found = manifests.flatMap(({ manifest }) => (manifest?.chain === undefined ? [] : [manifest]));
  for (const [partition, own] of Map.groupBy(found, ({ object }) => object.partition)) {
    if ((await readChainEnd(store, channel, partition).catch(() => undefined)) !== undefined) continue;
    const newest = own.reduce((last, each) => (numberOf(each) > numberOf(last) ? each : last));
    const { object, chain } = newest;
    if (chain === undefined) continue;
    const before =
      chain.number === placeBehind(undefined).number ? undefined : { number: chain.number - 1, link: chain.previous };
    const end = { name: object.name, last: object.last, number: chain.number, link: chain.link, before };
    if (add !== undefined) await writeChainEnd(store, { channel, partition }, end);
    sums.chains += 1;
  }
}

function numberOf({ chain }: FoundManifest): number {
  return chain?.number ?? 0;
}
