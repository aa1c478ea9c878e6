import type { BigIntStats } from 'node:fs';
import { type FileHandle, realpath } from 'node:fs/promises';
import { markedBytes } from '@tributary/protocol/limits.ts';
import { markOf } from '@tributary/protocol/mark.ts';
import type { Mark, SourceIdentity } from '@tributary/protocol/messages.ts';
import type { StreamState } from '../input.ts';
import { attributesKeyOf } from './claims.ts';
import { gatesOf, settleCut } from './collapse.ts';
import type { FileInputContext } from './context.ts';
import type { Copies } from './copies.ts';
import type { FileTraits } from './file-kind.ts';
import {
  birthOf,
  type FileKey,
  fingerprintOf,
  isBornAnew,
  keyOf,
  placeOf,
  readAt,
  readHead,
  reasonOf,
  type Verdict,
  verify,
} from './identity.ts';
import { compressionOf, InflatedFile, type ReadableFile } from './inflated-file.ts';
import type { KnownStreams } from './known-streams.ts';
import { openForReading } from './linux.ts';
import { Source } from './source.ts';
import { type Compression, parseFileToken, withToken } from './token.ts';
import { NotAFileError } from './troubles.ts';

export interface DiscoveryOptions {
  readonly context: FileInputContext;
  readonly known: KnownStreams;
  readonly copies: Copies;
  /** Files found now begin at their end, or at what was their end once, unless a stream of theirs is known. */
  readonly start: 'beginning' | 'end' | number;
  /** The file was there before, and was rotated away while nobody looked: it is read as what it was. */
  readonly origin?: string;
  /** A stream goes on in another file than the one that is looked at. */
  readonly onFollowed: (source: Source, before: SourceIdentity) => void;
}

export type Discovery =
  | { readonly kind: 'found'; readonly source: Source }
  /** It is another's or nobody's, or has a source already. */
  | { readonly kind: 'taken' }
  /** It cannot be told now what it is; whether it can be soon. */
  | { readonly kind: 'undecided'; readonly isSoon: boolean };

interface FoundFile {
  readonly path: string;
  /** Where it is, if that is not at `path`; ''. */
  readonly at: string;
  readonly key: FileKey;
  readonly stats: BigIntStats;
  readonly handle: FileHandle;
  /** What it holds, decompressed; the handle itself where it is not compressed. */
  readonly content: ReadableFile;
  readonly compression: Compression | '';
  /** The first bytes of that. */
  readonly head: Uint8Array;
  readonly traits: FileTraits;
  readonly attributesKey: string;
  /** Where the path leads, when it is a link; ''. */
  readonly link: string;
}

interface Begun {
  readonly state: StreamState;
  readonly mark: Mark;
}

/** Opens a file that no source is for, finds or begins its stream, and adds its source. */
export async function discover(place: string, options: DiscoveryOptions): Promise<Discovery> {
  const { context, known, origin: path = place } = options;
  const traits = await context.kind.traitsOf(path);
  if (traits === undefined) return { kind: 'undecided', isSoon: true };
  if (traits === 'not-read') return { kind: 'taken' };
  const attributesKey = attributesKeyOf(traits.attributes);
  const handle = await openForReading(place);
  let kept = false;
  let key: FileKey | undefined;
  const over = Promise.withResolvers<void>();
  try {
    const stats = await handle.stat({ bigint: true });
    if (!stats.isFile()) throw new NotAFileError(`${path} is no regular file`);
    const found = keyOf(stats);
    if (context.table.byKey(found) !== undefined) return { kind: 'taken' };
    const states = await settled(known.own({ key: found, path, inode: String(stats.ino) }, attributesKey), path, context);
    if (gatesOf(context.sink).isHeld(found)) return { kind: 'undecided', isSoon: true };
    if (context.table.byKey(found) !== undefined || !context.claims.claimFile(context.claimant, found, attributesKey)) {
      return { kind: 'taken' };
    }
    key = found;
    context.discovering.set(key, over.promise);
    const link = path === place ? await targetOf(path) : '';
    const file = {
      path,
      at: path === place ? '' : place,
      key,
      stats,
      handle,
      ...(await contentOf(handle, context)),
      traits,
      attributesKey,
      link,
    };
    const discovery = await identify(file, states, options);
    kept = discovery.kind === 'found';
    return discovery;
  } finally {
    if (key !== undefined) context.discovering.delete(key);
    over.resolve();
    if (!kept) {
      if (key !== undefined) context.claims.releaseFile(context.claimant, key, attributesKey);
      await handle.close();
    }
  }
}

/** Streams whose file was being cut by rotation when the agent died, as they are when that was brought to an end. */
async function settled(
  states: readonly StreamState[],
  path: string,
  { sink }: FileInputContext,
): Promise<readonly StreamState[]> {
  return await Promise.all(
    states.map(async (state) => {
      const identity = await settleCut({ sink, stream: state, path });
      return identity === state.identity ? state : { ...state, identity };
    }),
  );
}

/** Where a link leads; '' for a path that is none. A file that was renamed meanwhile is followed by its handle. */
async function targetOf(path: string): Promise<string> {
  const target = await realpath(path).catch(() => path);
  return target === path ? '' : target;
}

async function contentOf(
  handle: FileHandle,
  { options }: FileInputContext,
): Promise<{ content: ReadableFile; compression: Compression | ''; head: Uint8Array }> {
  const head = await readHead(handle);
  const compression = options.compressed === 'never' ? undefined : compressionOf(head);
  if (compression === undefined) return { content: handle, compression: '', head };
  const content = new InflatedFile(handle, compression);
  try {
    return { content, compression, head: await readHead(content) };
  } catch (error) {
    await content.close();
    throw error;
  }
}

async function identify(file: FoundFile, states: readonly StreamState[], options: DiscoveryOptions): Promise<Discovery> {
  const { context, copies } = options;
  const { content, path, at, traits, stats, handle, key } = file;
  try {
    let begun = (await resume(file, states, options)) ?? (await takeOver(file, options));
    if (begun === undefined) {
      const judgement = await copies.judge(at === '' ? file : { ...file, path: at });
      if (judgement.kind === 'later') return { kind: 'undecided', isSoon: !judgement.isSettled };
      begun = judgement.kind === 'known' ? await goOn(file, judgement.stream, context) : await begin(file, options);
    }
    const source = new Source({ key, traits, state: begun.state, nowMs: context.clock.monotonic() });
    source.cursor = { ...source.cursor, mark: begun.mark };
    // Of a file that was not read yet all that is known was seen just now.
    source.verified = begun.state.position === 0;
    source.look(stats);
    source.sizeFound = source.compression === '' ? source.size : Number.MAX_SAFE_INTEGER;
    if (file.link !== '') source.linkTarget = file.link;
    if (file.at !== '') source.place = 'moved';
    context.claims.claimStream(context.claimant, source.cursor.streamId);
    context.table.add(source);
    if (source.place === 'moved') context.table.care.add(source);
    await context.files.adopt(source, handle);
    context.events.fileOpened(path, source.cursor.streamId, source.cursor.position);
    return { kind: 'found', source };
  } finally {
    if (content instanceof InflatedFile) await content.close();
  }
}

/**
 * Goes on with the stream that this file was read into before. Streams whose content the file does not hold any more go on in a copy of
 * it, or are ended.
 */
async function resume(file: FoundFile, states: readonly StreamState[], options: DiscoveryOptions): Promise<Begun | undefined> {
  const { context, known, copies } = options;
  const { sink, events } = context;
  const verdicts: Verdict[] = [];
  for (const state of states) verdicts.push(await verdictOn(state, file));
  const same = states.filter((_, index) => verdicts[index] === 'same');
  const best = same.toSorted((left, right) => right.position - left.position)[0];
  known.settle(states);
  for (const [index, state] of states.entries()) {
    if (state === best) continue;
    const verdict = verdicts[index] ?? 'same';
    if (verdict === 'shorter') events.fileTruncated(file.path, state.streamId, state.position);
    else if (verdict !== 'same') events.fileReplaced(file.path, state.streamId, reasonOf(verdict));
    const followed = verdict === 'same' ? undefined : await copies.follow(state, file.traits);
    if (followed === undefined) sink.endStream(state.streamId);
    else options.onFollowed(followed, state.identity);
  }
  if (best === undefined) return undefined;
  const identity = identityOf(file, best.identity);
  if (JSON.stringify(identity) !== JSON.stringify(best.identity)) sink.updateIdentity(best.streamId, identity);
  return { state: { ...best, identity }, mark: best.mark };
}

/** A stream that was begun on a compressed file's own bytes goes on with these. */
async function verdictOn(state: StreamState, file: FoundFile): Promise<Verdict> {
  if (isBornAnew(state.identity, file.stats)) return 'born-since';
  const { compression } = parseFileToken(state.identity.token);
  if (compression !== '' && compression !== file.compression) return 'begins-differently';
  return await verify(compression === '' ? file.handle : file.content, state);
}

/** Begins a stream where one ended whose attributes the configuration does not name any more. */
async function takeOver(file: FoundFile, { context, known }: DiscoveryOptions): Promise<Begun | undefined> {
  const { sink, claims, claimant } = context;
  for (const old of await settled(await known.orphans(file.key, file.attributesKey), file.path, context)) {
    const fits = (await verdictOn(old, file)) === 'same';
    known.settle([old]);
    if (!claims.claimStream(claimant, old.streamId) || !fits) continue;
    const identity = identityOf(file, old.identity);
    const state = await sink.openStream({ identity, attributes: file.traits.attributes, start: old.position });
    sink.endStream(old.streamId);
    return { state, mark: old.mark };
  }
  return undefined;
}

/** The identity of a stream that goes on in this file. */
function identityOf({ path, at, stats, link }: FoundFile, known: SourceIdentity): SourceIdentity {
  const birth = birthOf(stats);
  const here = { ...known, path, ...placeOf(stats) };
  return withToken(here, { at, link, ...(birth === '' ? {} : { birth }) });
}

/** Begins a stream behind what was read of the same content before. */
async function goOn(
  file: FoundFile,
  before: { readonly identity: SourceIdentity; readonly position: number; readonly mark: Mark },
  { sink }: FileInputContext,
): Promise<Begun> {
  const { path, at, stats, compression, traits, link } = file;
  const here = { ...before.identity, path, ...placeOf(stats), token: '' };
  const identity = withToken(here, { at, link, birth: birthOf(stats), compression });
  const state = await sink.openStream({ identity, attributes: traits.attributes, start: before.position });
  return { state, mark: before.mark };
}

async function begin(file: FoundFile, { context, start: where }: DiscoveryOptions): Promise<Begun> {
  const { path, at, stats, content, head, compression, traits, link } = file;
  const start = where === 'beginning' ? 0 : await startOfLastRecord(file, where === 'end' ? await sizeOf(file) : where);
  const place = { path, ...placeOf(stats), token: '', base: 0 };
  const identity = withToken({ ...place, ...fingerprintOf(head) }, { at, link, birth: birthOf(stats), compression });
  const state = await context.sink.openStream({ identity, attributes: traits.attributes, start });
  const before = Math.min(markedBytes, start);
  return { state, mark: markOf(await readAt(content, start - before, before)) };
}

async function sizeOf({ content, stats }: FoundFile): Promise<number> {
  return content instanceof InflatedFile ? await content.length() : Number(stats.size);
}

const lastRecordBytesMax = 64 * 1024;

/** Where a record begins that is being written just now, so that its end is not taken for a record of its own. */
async function startOfLastRecord({ content, traits }: FoundFile, size: number): Promise<number> {
  // Even, for encodings of two bytes a character.
  const after = Math.max(0, size - lastRecordBytesMax);
  const even = after - (after % 2);
  const bytes = Buffer.from(await readAt(content, even, size - even));
  const limits = { recordBytesMax: lastRecordBytesMax + 1, recordsMax: bytes.length, bytesMax: lastRecordBytesMax + 1 };
  const { end } = traits.framer.frame(bytes, limits, 'hold');
  if (even === 0 && end === 0 && size <= lastRecordBytesMax) return 0;
  return end === 0 ? size : even + end;
}
