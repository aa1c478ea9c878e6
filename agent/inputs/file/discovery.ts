import { realpath } from 'node:fs/promises';
import type { FileHandle } from 'node:fs/promises';
import { markedBytes } from '@tributary/protocol/limits.ts';
import { markOf } from '@tributary/protocol/mark.ts';
import type { Mark } from '@tributary/protocol/messages.ts';
import type { StreamState } from '../input.ts';
import { attributesKeyOf } from './claims.ts';
import type { FileInputContext } from './context.ts';
import { type FileKey, fingerprintOf, keyOf, readAt, readHead, reasonOf, verify } from './identity.ts';
import type { FileTraits } from './file-kind.ts';
import type { KnownStreams } from './known-streams.ts';
import { openForReading } from './linux.ts';
import { Source } from './source.ts';
import { NotAFileError } from './troubles.ts';

export interface DiscoveryOptions {
  readonly context: FileInputContext;
  readonly known: KnownStreams;
  /** Files found now begin at their end, unless a stream of theirs is known. */
  readonly atEnd: boolean;
}

export type Discovery =
  | { readonly kind: 'found'; readonly source: Source }
  /** It is another's or nobody's, or has a source already. */
  | { readonly kind: 'taken' }
  /** It cannot be told now what its records are. */
  | { readonly kind: 'undecided' };

interface FoundFile {
  readonly path: string;
  readonly key: FileKey;
  readonly device: string;
  readonly inode: string;
  readonly size: number;
  readonly handle: FileHandle;
  readonly traits: FileTraits;
  readonly attributesKey: string;
}

interface Begun {
  readonly state: StreamState;
  readonly mark: Mark;
}

/** Opens a file that no source is for, finds or begins its stream, and adds its source. */
export async function discover(path: string, options: DiscoveryOptions): Promise<Discovery> {
  const { context } = options;
  const traits = await context.kind.traitsOf(path);
  if (traits === undefined) return { kind: 'undecided' };
  if (traits === 'not-read') return { kind: 'taken' };
  const attributesKey = attributesKeyOf(traits.attributes);
  const handle = await openForReading(path);
  let source: Source | undefined;
  let claimed: FileKey | undefined;
  try {
    const stats = await handle.stat({ bigint: true });
    if (!stats.isFile()) throw new NotAFileError(`${path} is no regular file`);
    const key = keyOf(stats);
    const { table, claims } = context;
    if (table.byKey(key) !== undefined || !claims.claimFile(context.claimant, key, attributesKey)) return { kind: 'taken' };
    claimed = key;
    const identified = { path, key, device: String(stats.dev), inode: String(stats.ino), size: Number(stats.size) };
    const file = { ...identified, handle, traits, attributesKey };
    const begun = (await resume(file, options)) ?? (await takeOver(file, options)) ?? (await begin(file, options));
    source = new Source({ key, traits, state: begun.state, nowMs: context.clock.monotonic() });
    source.cursor = { ...source.cursor, mark: begun.mark };
    source.verified = false;
    source.sizeFound = file.size;
    // A file that was renamed meanwhile is followed by its handle: by now it has a stream, so this must not fail any more.
    const target = await realpath(path).catch(() => path);
    if (target !== path) source.linkTarget = target;
  } finally {
    if (source === undefined) {
      if (claimed !== undefined) context.claims.releaseFile(context.claimant, claimed, attributesKey);
      await handle.close();
    }
  }
  context.claims.claimStream(context.claimant, source.cursor.streamId);
  context.table.add(source);
  await context.files.adopt(source, handle);
  context.events.fileOpened(path, source.cursor.streamId, source.cursor.position);
  return { kind: 'found', source };
}

/** Goes on with the stream that this file was read into before. Streams whose content the file does not hold any more are ended. */
async function resume(file: FoundFile, { context, known }: DiscoveryOptions): Promise<Begun | undefined> {
  const { sink, events } = context;
  const states = known.own(file, file.attributesKey);
  const verdicts = await Promise.all(states.map((state) => verify(file.handle, state)));
  const same = states.filter((_, index) => verdicts[index] === 'same');
  const best = same.toSorted((left, right) => right.position - left.position)[0];
  known.settle(states);
  for (const [index, state] of states.entries()) {
    if (state === best) continue;
    const verdict = verdicts[index] ?? 'same';
    if (verdict === 'shorter') events.fileTruncated(file.path, state.streamId, state.position);
    else if (verdict !== 'same') events.fileReplaced(file.path, state.streamId, reasonOf(verdict));
    sink.endStream(state.streamId);
  }
  if (best === undefined) return undefined;
  const identity = { ...best.identity, path: file.path, device: file.device, inode: file.inode, token: '' };
  if (JSON.stringify(identity) !== JSON.stringify(best.identity)) sink.updateIdentity(best.streamId, identity);
  return { state: { ...best, identity }, mark: best.mark };
}

/** Begins a stream where one ended whose attributes the configuration does not name any more. */
async function takeOver(file: FoundFile, { context, known }: DiscoveryOptions): Promise<Begun | undefined> {
  const { sink, claims } = context;
  for (const old of await known.orphans(file.key, file.attributesKey)) {
    const fits = (await verify(file.handle, old)) === 'same';
    known.settle([old]);
    if (!claims.claimStream(context.claimant, old.streamId) || !fits) continue;
    const identity = { ...old.identity, path: file.path, token: '' };
    const state = await sink.openStream({ identity, attributes: file.traits.attributes, start: old.position });
    sink.endStream(old.streamId);
    return { state, mark: old.mark };
  }
  return undefined;
}

async function begin(file: FoundFile, { context, atEnd }: DiscoveryOptions): Promise<Begun> {
  const { path, device, inode, handle, traits } = file;
  const start = atEnd ? await startOfLastLine(handle, file.size) : 0;
  const identity = { path, device, inode, ...fingerprintOf(await readHead(handle)), token: '', base: 0 };
  const state = await context.sink.openStream({ identity, attributes: traits.attributes, start });
  const before = Math.min(markedBytes, start);
  return { state, mark: markOf(await readAt(handle, start - before, before)) };
}

const lastLineBytesMax = 64 * 1024;

/** Where a line begins that is being written just now, so that its end is not taken for a line of its own. */
async function startOfLastLine(handle: FileHandle, size: number): Promise<number> {
  const length = Math.min(size, lastLineBytesMax);
  const bytes = await readAt(handle, size - length, length);
  const newline = bytes.lastIndexOf(10);
  return newline < 0 ? size : size - length + newline + 1;
}
