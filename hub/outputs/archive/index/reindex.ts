/**
 * The index made again from the store alone: rows of objects whose manifests are beside them. Manifests are the mirror of the index; the rows go to
 * the hub, which adds those that are not there. Where a file that tells the end of a chain is missing or damaged, it is written again.
 */
import type { ArchiveObject } from '../../../queue/queue.ts';
import { placeBehind } from '../chain/chain-link.ts';
import { readChainEnd, writeChainEnd } from '../chain/chains.ts';
import type { FoundManifest } from '../manifest.ts';
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

export async function reindexArchive(parts: ReindexParts): Promise<Readonly<ReindexSums>> {
  const sums: ReindexSums = { objects: 0, known: 0, added: 0, chains: 0, kept: 0, problems: 0 };
  for await (const surveyed of surveyedChannels(parts.store, parts.choice)) {
    sums.objects += surveyed.objects.size;
    sums.kept += surveyed.kept.length;
    const missing = missingRows(parts, surveyed, sums);
    for (let done = 0; done < missing.length; done += reindexRowsMax) {
      const rows = missing.slice(done, done + reindexRowsMax);
      sums.added += parts.add === undefined ? rows.length : await parts.add(rows);
      parts.onProgress(sums);
    }
    await endChains(parts, surveyed, sums);
    parts.onProgress(sums);
  }
  return sums;
}

/** The oldest first. */
function missingRows(parts: ReindexParts, { objects, manifests }: SurveyedChannel, sums: ReindexSums): ArchiveObject[] {
  const problem = (object: string, text: string): void => {
    sums.problems += 1;
    parts.onProblem(object, text);
  };
  const rows: ArchiveObject[] = [];
  const described = new Set<string>();
  for (const { name, manifest } of manifests) {
    if (manifest === undefined) {
      problem(name, 'it is a manifest that cannot be read, or of another object');
      continue;
    }
    const { object } = manifest;
    const file = objects.get(object.name);
    described.add(object.name);
    if (parts.known.has(object.name)) sums.known += 1;
    else if (file === undefined) problem(object.name, 'its manifest is there, and it is not');
    else if (file.bytes !== object.objectBytes)
      problem(object.name, `it has ${file.bytes} bytes instead of ${object.objectBytes}`);
    else rows.push(object);
  }
  for (const name of objects.keys()) if (!described.has(name)) problem(name, 'it has no manifest: nothing tells what it holds');
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
