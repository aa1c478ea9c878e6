/**
 * Whether an archive is what was written: every object of the index is there with its bytes, manifests and index say the same, and the
 * chains are whole. It reads what is there and changes nothing; it may run beside the hub: what is not there although it should be is looked for once
 * more at the end, by the index as it is then, as housekeeping may have removed it meanwhile, and an object may have been under way.
 */
import { isDeepStrictEqual } from 'node:util';
import type { ChannelName } from '@tributary/protocol/messages.ts';
import type { ArchiveObject } from '../../../queue/queue.ts';
import { readCut } from '../chain/chain-cut.ts';
import { readChainEnd } from '../chain/chains.ts';
import type { FrameCiphers } from '../frame-cipher.ts';
import type { FoundManifest } from '../manifest.ts';
import { isEncrypted, manifestName } from '../object-name.ts';
import { type ArchiveQuery, canMatch } from '../search/query.ts';
import type { ArchiveStore } from '../store/archive-store.ts';
import { mapAhead } from '../store/map-ahead.ts';
import { type SurveyedChannel, surveyedChannels } from './survey.ts';
import { type ChainFigures, verifyChain } from './verify-chain.ts';

export interface ArchiveProblem {
  /** `unknown`: it is there, and not in the index. `unreadable`: it is whole, and its key is not here. */
  readonly kind: 'missing' | 'damaged' | 'altered' | 'unknown' | 'unreadable';
  readonly object: string;
  readonly text: string;
}

export interface VerifyParts {
  readonly store: ArchiveStore;
  readonly ciphers: Pick<FrameCiphers, 'has'>;
  /** The index, read before. */
  readonly objects: readonly ArchiveObject[];
  /** The names that the index has now, or a moment later. Asked for where something is not there. */
  readonly namesNow: () => Promise<ReadonlySet<string>>;
  /** Objects that cannot match are not read; manifests and chains are looked at all the same. */
  readonly query: ArchiveQuery;
  /** Only sizes: no object is read. */
  readonly quick: boolean;
  /** What was written later may have its row only since the index was read. */
  readonly beforeMs: number;
  readonly onProblem: (problem: ArchiveProblem) => void;
  readonly onProgress: (sums: Readonly<VerifySums>) => void;
}

export interface VerifySums {
  objects: number;
  bytes: number;
  problems: number;
  /** Objects beside others that needed their names: nobody reads them. */
  kept: number;
  readonly chains: (ChainFigures & { readonly channel: ChannelName })[];
}

/** About an object. */
interface Doubt {
  readonly name: string;
  /** When it began. */
  readonly hadRow: boolean;
}

export async function verifyArchive(parts: VerifyParts): Promise<Readonly<VerifySums>> {
  const run = new Verification(parts);
  return await run.run();
}

class Verification {
  readonly #parts: VerifyParts;
  readonly #sums: VerifySums = { objects: 0, bytes: 0, problems: 0, kept: 0, chains: [] };
  readonly #rows: ReadonlyMap<ChannelName, readonly ArchiveObject[]>;
  /** What was not there, or not whole. */
  readonly #doubts: (Doubt & { readonly problem: ArchiveProblem })[] = [];

  constructor(parts: VerifyParts) {
    this.#parts = parts;
    this.#rows = Map.groupBy(parts.objects, ({ channel }) => channel);
  }

  async run(): Promise<Readonly<VerifySums>> {
    const { store, query } = this.#parts;
    const seen = new Set<ChannelName>();
    for await (const surveyed of surveyedChannels(store, query)) {
      seen.add(surveyed.channel);
      await this.#verify(surveyed);
    }
    for (const [channel, rows] of this.#rows) {
      const [tenant, type] = channel.split('/');
      if ((query.tenant ?? tenant) !== tenant || (query.type ?? type) !== type || seen.has(channel)) continue;
      for (const { name } of rows)
        this.#doubt({ kind: 'missing', object: name, text: 'the index has it, and it is not there' }, { name, hadRow: true });
    }
    await this.#lookAgain();
    return this.#sums;
  }

  /** Where a row is gone, so is its object; what has none yet, or never had one, is there with its manifest or not at all. */
  async #lookAgain(): Promise<void> {
    if (this.#doubts.length === 0) return;
    const { store, namesNow } = this.#parts;
    const rows = await namesNow();
    const isWell = async ({ name, hadRow }: Doubt): Promise<boolean> => {
      if (rows.has(name)) return !hadRow;
      if (hadRow) return true;
      const isDescribed = (await store.read(manifestName(name))) !== undefined;
      return isDescribed === ((await store.checksum(name)) !== undefined);
    };
    for await (const { problem, well } of mapAhead(this.#doubts, async (doubt) => ({ ...doubt, well: await isWell(doubt) }))) {
      if (!well) this.#problem(problem);
    }
  }

  async #verify(surveyed: SurveyedChannel): Promise<void> {
    const { beforeMs } = this.#parts;
    const { channel, objects, manifests, kept } = surveyed;
    this.#sums.kept += kept.length;
    const rows = new Map((this.#rows.get(channel) ?? []).map((row) => [row.name, row]));
    const byManifest = new Map([...rows.keys()].map((row) => [manifestName(row), row]));
    const byObject = new Map<string, FoundManifest>();
    for (const { name, manifest } of manifests) {
      if (manifest !== undefined) byObject.set(manifest.object.name, manifest);
      else {
        const problem = {
          kind: 'damaged',
          object: name,
          text: 'it is a manifest that cannot be read, or of another object',
        } as const;
        const object = byManifest.get(name);
        if (object === undefined) this.#problem(problem);
        else this.#doubt(problem, { name: object, hadRow: true });
      }
    }
    for (const name of new Set([...rows.keys(), ...byObject.keys()])) {
      if (objects.has(name)) continue;
      const who = rows.has(name) ? 'the index has it' : 'its manifest is there';
      this.#doubt({ kind: 'missing', object: name, text: `${who}, and it is not there` }, { name, hadRow: rows.has(name) });
    }
    for (const [name, { modifiedMs }] of objects) {
      if (rows.has(name) || modifiedMs >= beforeMs) continue;
      this.#problem({ kind: 'unknown', object: name, text: 'it is not in the index, and no search finds it (archive reindex)' });
    }
    for (const [name, row] of rows) this.#compare(row, byObject.get(name), surveyed);
    await this.#verifyBytes(surveyed, rows, byObject);
    await this.#verifyChains(channel, [...byObject.values()]);
    this.#parts.onProgress(this.#sums);
  }

  #compare(row: ArchiveObject, manifest: FoundManifest | undefined, { objects, manifests }: SurveyedChannel): void {
    const { name } = row;
    if (!objects.has(name)) return;
    if (manifest === undefined) {
      // One that cannot be read was told.
      if (!manifests.some((found) => found.name === manifestName(name)))
        this.#doubt({ kind: 'missing', object: name, text: 'its manifest is missing' }, { name, hadRow: true });
      return;
    }
    const differing = Object.entries(manifest.object).filter(
      ([field, value]) => !isDeepStrictEqual(value, Object.entries(row).find(([other]) => other === field)?.[1]),
    );
    if (differing.length === 0) return;
    const fields = differing.map(([field]) => field).join(', ');
    this.#problem({ kind: 'altered', object: name, text: `its manifest and the index differ in ${fields}` });
  }

  async #verifyBytes(
    { objects }: SurveyedChannel,
    rows: ReadonlyMap<string, ArchiveObject>,
    manifests: ReadonlyMap<string, FoundManifest>,
  ): Promise<void> {
    const { store, query, quick } = this.#parts;
    const known = [...objects.values()].flatMap((file) => {
      const expected = rows.get(file.name) ?? manifests.get(file.name)?.object;
      return expected === undefined || !canMatch(expected, query) ? [] : [{ file, expected }];
    });
    const read = async ({
      file,
      expected,
    }: (typeof known)[number]): Promise<(typeof known)[number] & { readonly sha256: string | undefined }> => {
      const isWorthIt = !quick && file.bytes === expected.objectBytes;
      return { file, expected, sha256: isWorthIt ? await store.checksum(file.name) : expected.sha256 };
    };
    for await (const { file, expected, sha256 } of mapAhead(known, read)) {
      const { name, bytes } = file;
      this.#sums.objects += 1;
      this.#sums.bytes += bytes;
      if (bytes !== expected.objectBytes)
        this.#problem({ kind: 'damaged', object: name, text: `it has ${bytes} bytes instead of ${expected.objectBytes}` });
      else if (sha256 === undefined)
        this.#doubt({ kind: 'missing', object: name, text: 'it is not there any more' }, { name, hadRow: rows.has(name) });
      else if (sha256 !== expected.sha256)
        this.#problem({ kind: 'damaged', object: name, text: `its SHA-256 is ${sha256} instead of ${expected.sha256}` });
      const keyId = manifests.get(name)?.keyId;
      if (isEncrypted(name) && keyId !== undefined && !this.#parts.ciphers.has(keyId))
        this.#problem({ kind: 'unreadable', object: name, text: `it is encrypted with the key ${keyId}, which is not here` });
      this.#parts.onProgress(this.#sums);
    }
  }

  async #verifyChains(channel: ChannelName, manifests: readonly FoundManifest[]): Promise<void> {
    for (const [partition, own] of Map.groupBy(manifests, ({ object }) => object.partition)) {
      const told = (error: unknown): undefined => {
        this.#problem({ kind: 'damaged', object: channel, text: error instanceof Error ? error.message : String(error) });
      };
      const end = await readChainEnd(this.#parts.store, channel, partition).catch(told);
      const cut = await readCut(this.#parts.store, channel, partition).catch(told);
      const { problems, figures } = verifyChain(partition, own, { end, cut });
      for (const problem of problems) this.#problem(problem);
      if (figures !== undefined) this.#sums.chains.push({ channel, ...figures });
    }
  }

  #doubt(problem: ArchiveProblem, object: Doubt): void {
    this.#doubts.push({ problem, ...object });
  }

  #problem(problem: ArchiveProblem): void {
    this.#sums.problems += 1;
    this.#parts.onProblem(problem);
  }
}
