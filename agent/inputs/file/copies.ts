/**
 * Files that hold what another file held: the copy that a copytruncate leaves, the compressed form of a rotated file. They are told by
 * their content (the fingerprint, and the mark at the position), and only among names that a rotation gives (rotated-names.ts), so that
 * files that merely look alike are not confused.
 *
 * - A stream whose file does not hold its content any more, or is gone, goes on in such a file: `follow`.
 * - Such a file is not read anew while the stream is still read elsewhere, nor when it was read to its end before: `judge`.
 */
import type { BigIntStats } from 'node:fs';
import { type FileHandle, readdir } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { markedBytes } from '@tributary/protocol/limits.ts';
import type { Id, Mark, SourceIdentity } from '@tributary/protocol/messages.ts';
import { attributesKeyOf } from './claims.ts';
import type { FileInputContext } from './context.ts';
import type { FileTraits } from './file-kind.ts';
import { foldersNear } from './folder-index.ts';
import { birthOf, type FileKey, fingerprintFits, fingerprintOf, keyOf, placeOf, readAt, readHead, verify } from './identity.ts';
import { compressionOf, InflatedFile, type ReadableFile } from './inflated-file.ts';
import type { KnownStreams } from './known-streams.ts';
import { copyQuietMs } from './limits.ts';
import { openForReading } from './linux.ts';
import { mayFollow, namesBefore } from './rotated-names.ts';
import { Source } from './source.ts';
import { type Compression, parseFileToken, pathsOf, withToken } from './token.ts';
import { isFileError } from './troubles.ts';

/** A stream as far as its content is known. */
export interface StreamContent {
  readonly streamId: Id;
  readonly identity: SourceIdentity;
  readonly position: number;
  readonly mark: Mark;
}

/** An open file in which a stream goes on. */
export interface Copy {
  readonly path: string;
  readonly key: FileKey;
  readonly handle: FileHandle;
  readonly stats: BigIntStats;
  readonly compression: Compression | '';
}

/** A file that no stream is for. */
export interface Candidate {
  readonly path: string;
  readonly key: FileKey;
  readonly stats: BigIntStats;
  readonly content: ReadableFile;
  readonly compression: Compression | '';
  readonly attributesKey: string;
}

export type Judgement =
  | { readonly kind: 'new' }
  /** It is, or may become, what a stream is read from: not now. */
  | { readonly kind: 'later'; readonly isSettled: boolean }
  /** It was read before, up to here. */
  | { readonly kind: 'known'; readonly stream: StreamContent };

interface Remembered {
  readonly bytes: bigint;
  readonly modifiedNs: bigint;
  readonly sinceMs: number;
  /** As long as this stream is read, there is nothing new to find out; undefined: as long as the file stays the same. */
  readonly streamId: Id | undefined;
  readonly isSettled: boolean;
}

export class Copies {
  readonly #context: FileInputContext;
  readonly #known: KnownStreams;
  readonly #remembered = new Map<FileKey, Remembered>();

  constructor(context: FileInputContext, known: KnownStreams) {
    this.#context = context;
    this.#known = known;
  }

  /** Whether a file was judged to be a copy, and nothing happened since that could change this. */
  isCopy(key: FileKey, stats: BigIntStats): boolean {
    const before = this.#remembered.get(key);
    if (before === undefined || !before.isSettled || !isUnchanged(before, stats)) return false;
    return before.streamId === undefined || this.#context.table.byStream(before.streamId) !== undefined;
  }

  /** The file in which a stream goes on that is not in its own any more. */
  async #find(stream: StreamContent, attributesKey: string, isReader: boolean): Promise<Copy | undefined> {
    const { identity } = stream;
    if (stream.position === 0 && identity.fingerprintLength === 0) return undefined;
    const paths = pathsOf(identity);
    const names = new Set(paths.map((path) => basename(path)));
    for (const folder of await foldersNear(paths)) {
      for (const name of (await namesIn(folder)).toSorted()) {
        if (![...names].some((earlier) => mayFollow(earlier, name))) continue;
        const copy = await this.#openIfCopy(stream, { path: join(folder, name), attributesKey, isReader });
        if (copy !== undefined) return copy;
      }
    }
    return undefined;
  }

  /** Lets a stream go on in a copy of its file, if there is one, as a source of its own; with `onlyMatching` only where a glob leads. */
  async follow(stream: StreamContent, traits: FileTraits, onlyMatching = false): Promise<Source | undefined> {
    const copy = await this.claim(stream, traits, { onlyMatching, isReader: false });
    return copy === undefined ? undefined : await this.adopt(copy, stream, traits);
  }

  /** Finds such a copy, and keeps everybody else from reading it. To be given to `adopt`. The reader waits for who identifies files. */
  async claim(
    stream: StreamContent,
    traits: FileTraits,
    { onlyMatching, isReader }: { readonly onlyMatching: boolean; readonly isReader: boolean },
  ): Promise<Copy | undefined> {
    const { claims, claimant, patterns, discovering } = this.#context;
    const attributesKey = attributesKeyOf(traits.attributes);
    const copy = await this.#find(stream, attributesKey, isReader);
    if (copy === undefined) return undefined;
    const isWanted = !onlyMatching || patterns.matches(copy.path);
    // Somebody may have begun to identify it meanwhile: he finds that it is a copy, and lets go of it.
    if (isWanted && isReader) while (discovering.has(copy.key)) await discovering.get(copy.key);
    if (isWanted && claims.claimFile(claimant, copy.key, attributesKey)) return copy;
    await copy.handle.close();
    return undefined;
  }

  async adopt(copy: Copy, stream: StreamContent, traits: FileTraits): Promise<Source> {
    const { table, claims, claimant, files, sink, events, patterns, clock } = this.#context;
    const { path, key, handle, stats, compression } = copy;
    const isHere = patterns.matches(path);
    const place = { ...placeOf(stats), path: isHere ? path : stream.identity.path };
    const token = { at: isHere ? '' : path, birth: birthOf(stats), compression };
    const identity = withToken({ ...stream.identity, ...place, token: '' }, token);
    const state = { ...stream, identity, attributes: traits.attributes, start: stream.position, ended: false };
    const source = new Source({ key, traits, state, nowMs: clock.monotonic() });
    source.place = isHere ? 'here' : 'moved';
    source.verified = false;
    source.look(stats);
    source.sizeFound = compression === '' ? source.size : Number.MAX_SAFE_INTEGER;
    claims.claimStream(claimant, stream.streamId);
    table.add(source);
    if (!isHere) table.care.add(source);
    await files.adopt(source, handle);
    sink.updateIdentity(stream.streamId, identity);
    events.fileRotated(source.path, stream.streamId);
    return source;
  }

  async #openIfCopy(
    stream: StreamContent,
    where: { path: string; attributesKey: string; isReader: boolean },
  ): Promise<Copy | undefined> {
    const { table, claims, discovering } = this.#context;
    const { path, attributesKey, isReader } = where;
    let handle: FileHandle | undefined;
    let copy: Copy | undefined;
    try {
      handle = await openForReading(path);
      const stats = await handle.stat({ bigint: true });
      const key = keyOf(stats);
      // Whoever is identifying it just now will find that it is a copy.
      if (isReader) await discovering.get(key);
      const isTaken = table.byKey(key) !== undefined || claims.isFileClaimed(key, attributesKey);
      if (isTaken || !stats.isFile() || !bornAfter(stream, stats)) return undefined;
      const { content, compression } = await this.#contentOf(handle);
      const fits = (await verify(content, stream)) === 'same' && !(await this.#hasItsOwn(key, content, attributesKey));
      if (content instanceof InflatedFile) await content.close();
      if (fits) copy = { path, key, handle, stats, compression };
      return copy;
    } catch (error) {
      // What cannot be read now is no copy that could be read.
      if (isFileError(error)) return undefined;
      throw error;
    } finally {
      if (copy === undefined) await handle?.close();
    }
  }

  /** Whether the file is read into a stream of its own, which was only not found so far. */
  async #hasItsOwn(key: FileKey, content: ReadableFile, attributesKey: string): Promise<boolean> {
    for (const state of this.#known.at(key)) {
      if (attributesKeyOf(state.attributes) === attributesKey && (await verify(content, state)) === 'same') return true;
    }
    return false;
  }

  async #contentOf(handle: FileHandle): Promise<{ content: ReadableFile; compression: Compression | '' }> {
    const compression = compressionOf(await readAt(handle, 0, 4));
    if (compression === undefined || this.#context.options.compressed === 'never') return { content: handle, compression: '' };
    return { content: new InflatedFile(handle, compression), compression };
  }

  /** What a file is, which no stream is for: new, or the copy of something. */
  async judge(file: Candidate): Promise<Judgement> {
    const looksRotated = namesBefore(basename(file.path)).length > 0;
    if (!looksRotated && file.compression === '') return { kind: 'new' };
    const isQuiet = this.#isQuiet(file);
    if (file.compression !== '' && !isQuiet) return this.#later(file, undefined, false);
    if (!looksRotated) return { kind: 'new' };
    for (const source of this.#related(file)) {
      const relation = await this.#compare(file, source);
      if (relation === 'copy') return this.#later(file, source.cursor.streamId, true);
      // A compressor that stands still, or died, has left the beginning of what is read elsewhere.
      if (relation === 'begun' && file.compression !== '') return this.#later(file, source.cursor.streamId, true);
      if (relation === 'begun' && !isQuiet) return this.#later(file, undefined, false);
    }
    for (const state of this.#known.near(file.path)) {
      if (
        !mayFollow(basename(state.identity.path), basename(file.path)) ||
        attributesKeyOf(state.attributes) !== file.attributesKey
      )
        continue;
      if ((await this.#fits(file, state)) || (await mayBeBegun(file, state))) return this.#later(file, undefined, false);
    }
    return await this.#readBefore(file);
  }

  #later(file: Candidate, streamId: Id | undefined, isSettled: boolean): Judgement {
    this.#remember(file, { streamId, isSettled });
    return { kind: 'later', isSettled };
  }

  #remember({ key, stats }: Candidate, { streamId, isSettled }: Pick<Remembered, 'streamId' | 'isSettled'>): void {
    const before = this.#remembered.get(key);
    const nowMs = this.#context.clock.monotonic();
    const sinceMs = before !== undefined && isUnchanged(before, stats) ? before.sinceMs : nowMs;
    this.#remembered.set(key, { bytes: stats.size, modifiedNs: stats.mtimeNs, sinceMs, streamId, isSettled });
  }

  /** Whether the file stayed the same for long enough not to be a copy in the making. */
  #isQuiet({ key, stats }: Candidate): boolean {
    // A file that was not written for a while is not being copied, if the clocks of its writer and ours are to be believed.
    const sinceWriteMs = this.#context.clock.now() - Number(stats.mtimeMs);
    const sinceBirthMs = this.#context.clock.now() - Number(stats.birthtimeMs);
    if (sinceWriteMs >= copyQuietMs && sinceBirthMs >= copyQuietMs) return true;
    const before = this.#remembered.get(key);
    if (before === undefined || !isUnchanged(before, stats)) return false;
    return this.#context.clock.monotonic() - before.sinceMs >= copyQuietMs;
  }

  /** Sources in the same folder whose file may have been copied or compressed into one of this name. */
  #related({ path, attributesKey }: Candidate): readonly Source[] {
    const { table } = this.#context;
    const folder = dirname(path);
    const name = basename(path);
    const found = new Set<Source>();
    for (const earlier of namesBefore(name)) {
      const source = table.byHint(join(folder, earlier));
      if (source !== undefined) found.add(source);
    }
    for (const source of table.away) {
      const isNear = dirname(source.path) === folder || dirname(source.currentPath) === folder;
      const follows = mayFollow(basename(source.path), name) || mayFollow(basename(source.currentPath), name);
      if (isNear && follows) found.add(source);
    }
    return [...found].filter((source) => attributesKeyOf(source.traits.attributes) === attributesKey);
  }

  /** `copy`: the file holds what was read of the source; `begun`: it holds the beginning of that, or nothing so far. */
  async #compare(file: Candidate, source: Source): Promise<'copy' | 'begun' | 'other'> {
    const stream = { ...source.cursor, identity: source.identity };
    // Before it is compared: it may grow meanwhile.
    const wasShorter = await isShorter(file, source.cursor.position - source.identity.base);
    if (await this.#fits(file, stream)) return 'copy';
    const bytes = file.content instanceof InflatedFile && wasShorter ? await file.content.length() : Number(file.stats.size);
    if (bytes === 0) return 'begun';
    if (!wasShorter || source.compression !== '') return 'other';
    try {
      await using own = await openForReading(source.currentPath);
      const tail = Math.min(bytes, markedBytes);
      for (const [position, length] of [
        [0, Math.min(bytes, source.identity.fingerprintLength)],
        [bytes - tail, tail],
      ] as const) {
        const [theirs, ours] = await Promise.all([readAt(file.content, position, length), readAt(own, position, length)]);
        if (!Buffer.from(theirs).equals(ours)) return 'other';
      }
      return 'begun';
    } catch (error) {
      if (isFileError(error)) return 'other';
      throw error;
    }
  }

  async #fits(file: Candidate, stream: StreamContent): Promise<boolean> {
    if (stream.position === 0 && stream.identity.fingerprintLength < markedBytes) return false;
    return bornAfter(stream, file.stats) && (await verify(file.content, stream)) === 'same';
  }

  /** Whether a stream that ended was read from the same content. */
  async #readBefore(file: Candidate): Promise<Judgement> {
    const { fingerprint, fingerprintLength } = fingerprintOf(await readHead(file.content));
    if (fingerprintLength === 0) return { kind: 'new' };
    for (const { stream } of this.#context.sink.progressByFingerprint(fingerprint, fingerprintLength)) {
      const isRelated = mayFollow(basename(stream.identity.path), basename(file.path));
      if (!stream.ended || !isRelated || dirname(stream.identity.path) !== dirname(file.path)) continue;
      if (attributesKeyOf(stream.attributes) !== file.attributesKey || !(await this.#fits(file, stream))) continue;
      const rest = await readAt(file.content, stream.position - stream.identity.base, 1);
      if (rest.length === 0) this.#remember(file, { streamId: undefined, isSettled: true });
      return rest.length === 0 ? { kind: 'later', isSettled: true } : { kind: 'known', stream };
    }
    return { kind: 'new' };
  }
}

function isUnchanged(before: Remembered, stats: BigIntStats): boolean {
  return before.bytes === stats.size && before.modifiedNs === stats.mtimeNs;
}

async function isShorter({ content, stats, compression }: Candidate, bytes: number): Promise<boolean> {
  if (compression === '') return Number(stats.size) < bytes;
  // As a comparison reads it next, so that nothing is decompressed twice for this.
  const length = Math.min(markedBytes, bytes);
  return (await readAt(content, bytes - length, length)).length < length;
}

/** Whether a compressed file may hold the beginning of what a stream was read from, whose file was not found so far. */
async function mayBeBegun(file: Candidate, { identity, position }: StreamContent): Promise<boolean> {
  if (file.compression === '' || !(await isShorter(file, position - identity.base))) return false;
  const head = await readHead(file.content);
  return head.length < identity.fingerprintLength || fingerprintFits(head, identity);
}

/** A copy is younger than its original. Where births are not known, so few bytes that a mark covers less than it could say too little. */
function bornAfter({ identity, position }: StreamContent, stats: BigIntStats): boolean {
  const { birth } = parseFileToken(identity.token);
  const theirs = birthOf(stats);
  if (birth === '' || theirs === '') return position >= markedBytes;
  return BigInt(theirs) > BigInt(birth);
}

async function namesIn(folder: string): Promise<readonly string[]> {
  try {
    return await readdir(folder);
  } catch {
    // A folder that is gone or closed to us holds no file that we could read.
    return [];
  }
}
