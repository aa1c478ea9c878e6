/**
 * Taking the beginning out of a file that is being read, and written, without losing or doubling a byte of its streams.
 *
 * Blocks that every stream of the file has behind it, acknowledged, are collapsed: the rest of the file moves down, in one step for
 * everyone who appends to it. Positions stay what they are; the streams' `base` grows by what was taken, so that a position less the
 * base is the offset in the file as before.
 *
 * Base and file cannot change in one step, so the intention is durable first, as the token of the streams' identities:
 *
 *   copy written and synced ─► token `punch` ─► first block zeroed ─► token `collapse` ─► blocks collapsed ─► copy named ─► base, token as before
 *
 * After a crash the first block tells how far it came: with the token `collapse` it is zeros exactly if the blocks are still there.
 * The content alone could not tell, as a log may consist of equal lines. With the token `punch` and a block that is not zeros nothing
 * was done yet; otherwise what was begun is done now. A beginning that would be zeros afterwards is not collapsed.
 */
import type { FileHandle } from 'node:fs/promises';
import { open, rename } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { markedBytes, tokenBytesMax } from '@tributary/protocol/limits.ts';
import type { Id, SourceIdentity } from '@tributary/protocol/messages.ts';
import { assert } from '@tributary/shared/assert.ts';
import { crashPoint } from '@tributary/shared/crash-point.ts';
import { collapseRange, punchHole, type FileRange } from '@tributary/shared/ffi/file-space.ts';
import type { FileProgress, Sink } from '../input.ts';
import { type FileKey, fingerprintOf, keyOf, keyOfIdentity, readAt, readHead } from './identity.ts';

/** Giving back blocks of an open file, by its descriptor. Each throws an error with a code where the file system cannot. */
export interface FileSpace {
  collapse(fd: number, range: FileRange): void;
  punch(fd: number, range: FileRange): void;
}

export const systemFileSpace: FileSpace = { collapse: collapseRange, punch: punchHole };

/** What is to be taken out of a file. */
export interface Cut {
  /** A multiple of `blockBytes`. */
  readonly bytes: number;
  readonly blockBytes: number;
  /** The name that the copy of these bytes gets with the cut; until then it is at `partPath(copy)`, synced. */
  readonly copy: string;
}

/** Where a rotated file is written before it has its name: a name that begins with a dot is matched by no `*`. */
export function partPath(rotated: string): string {
  return join(dirname(rotated), `.${basename(rotated)}.part`);
}

/** One source of an input, while nothing of it is read. */
export interface HeldSource {
  readonly streamId: Id;
  /** As it is durable. */
  identity: SourceIdentity;
}

export interface DroppedSource {
  readonly streamId: Id;
  readonly position: number;
}

/** What a running file input offers: to let a file be. */
export interface SourceGate {
  /**
   * Runs `work` while no turn of this file is under way and none begins; with undefined when no source is for it. Rejects when
   * `work` does.
   */
  hold<T>(key: FileKey, work: (source: HeldSource | undefined) => Promise<T>): Promise<T>;
  /**
   * Lets go of a file that is about to be removed: its stream ends, its handle is closed. Tells how far it was pushed; undefined when
   * no source is for it.
   */
  drop(key: FileKey): Promise<DroppedSource | undefined>;
}

/** The gates of all running file inputs of one sink. */
export class Gates {
  readonly #gates = new Set<SourceGate>();
  readonly #held = new Map<FileKey, Promise<void>>();

  add(gate: SourceGate): Disposable {
    this.#gates.add(gate);
    return { [Symbol.dispose]: () => void this.#gates.delete(gate) };
  }

  /** Nobody begins to read a file that is held. */
  isHeld(key: FileKey): boolean {
    return this.#held.has(key);
  }

  /** Runs `work` while no input reads the file; one after the other for one file. */
  async hold<T>(key: FileKey, work: (sources: readonly HeldSource[]) => Promise<T>): Promise<T> {
    while (this.#held.has(key)) await this.#held.get(key);
    const over = Promise.withResolvers<void>();
    this.#held.set(key, over.promise);
    try {
      return await holdAll([...this.#gates], key, work);
    } finally {
      this.#held.delete(key);
      over.resolve();
    }
  }

  async drop(key: FileKey): Promise<readonly DroppedSource[]> {
    const dropped = await Promise.all([...this.#gates].map((gate) => gate.drop(key)));
    return dropped.filter((source) => source !== undefined);
  }
}

async function holdAll<T>(
  gates: readonly SourceGate[],
  key: FileKey,
  work: (sources: readonly HeldSource[]) => Promise<T>,
  held: readonly HeldSource[] = [],
): Promise<T> {
  const [gate, ...rest] = gates;
  if (gate === undefined) return await work(held);
  return await gate.hold(key, (source) => holdAll(rest, key, work, source === undefined ? held : [...held, source]));
}

const gatesOfSinks = new WeakMap<object, Gates>();

export function gatesOf(sink: Sink): Gates {
  return gatesOfSinks.getOrInsertComputed(sink.shared ?? sink, () => new Gates());
}

/** How many bytes at a file's beginning, in whole blocks, every one of these streams is done with. */
export function cuttableBytes(progress: readonly FileProgress[], blockBytes: number): number {
  const done = progress.map(({ stream, ackedTo }) => Math.min(ackedTo, stream.position) - stream.identity.base - markedBytes);
  return Math.max(0, Math.floor(Math.min(...done) / blockBytes) * blockBytes);
}

export interface CollapseOptions {
  readonly sink: Sink;
  /** Open for reading and writing. */
  readonly handle: FileHandle;
  /** Of every open stream of the file. */
  readonly sources: readonly HeldSource[];
  readonly cut: Cut;
  readonly space: FileSpace;
}

/** Collapses the blocks, while no input reads the file. False: it would begin with zeros then, or the paths are too long to be kept. */
export async function collapseFront(options: CollapseOptions): Promise<boolean> {
  const { handle, sources, cut, space, sink } = options;
  assert(cut.bytes > 0 && cut.bytes % cut.blockBytes === 0, 'whole blocks are collapsed');
  assert(sources.length > 0, 'somebody remembers the intention');
  if (isZero(await readAt(handle, cut.bytes, cut.blockBytes))) return false;
  const intentions = sources.map(({ identity }) => tokenOf({ ...cut, phase: 'punch', before: identity.token }));
  if (intentions.some((token) => Buffer.byteLength(token) > tokenBytesMax)) return false;
  await storeAll(options, (identity) => ({ ...identity, token: tokenOf({ ...cut, phase: 'punch', before: identity.token }) }));
  crashPoint('agent.rotation.before-punch');
  await finishCut({ sink, handle, sources, cut, space });
  return true;
}

/**
 * Whether the file system can take blocks out. Asked by a range that none accepts: one that cannot answers EOPNOTSUPP before it looks
 * at the range, one that can answers EINVAL.
 */
export function canCollapse(handle: FileHandle, space: FileSpace): boolean {
  try {
    space.collapse(handle.fd, { offset: 1, length: 1 });
    return false;
  } catch (error) {
    return error instanceof Error && 'code' in error && error.code === 'EINVAL';
  }
}

/** Whether the file system can punch holes. Asked by a hole where no file has bytes. */
export function canPunch(handle: FileHandle, space: FileSpace): boolean {
  try {
    space.punch(handle.fd, { offset: 2 ** 42, length: 4096 });
    return true;
  } catch {
    return false;
  }
}

export interface SettleOptions {
  readonly sink: Sink;
  /** Identity and stream as they are durable; the file is at `path` now. */
  readonly stream: { readonly streamId: Id; readonly identity: SourceIdentity };
  readonly path: string;
  readonly space?: FileSpace;
}

/** Brings to an end what a crash interrupted. To be called before a stream goes on in its file; gives its identity as it is then. */
export async function settleCut({ sink, stream, path, space = systemFileSpace }: SettleOptions): Promise<SourceIdentity> {
  if (parseToken(stream.identity.token) === undefined) return stream.identity;
  const key = keyOfIdentity(stream.identity);
  return await gatesOf(sink).hold(key, async () => {
    // Another input that reads the same file may have settled it meanwhile.
    const streams = interruptedStreams(sink, key);
    const own = streams.find(({ streamId }) => streamId === stream.streamId);
    if (own === undefined)
      return sink.streams().find(({ streamId }) => streamId === stream.streamId)?.identity ?? stream.identity;
    await settleFile({ sink, path, key, sources: streams, space });
    return own.identity;
  });
}

function interruptedStreams(sink: Sink, key: FileKey): readonly HeldSource[] {
  return sink
    .streams()
    .filter(({ identity }) => keyOfIdentity(identity) === key && parseToken(identity.token) !== undefined)
    .map(({ streamId, identity }) => ({ streamId, identity }));
}

interface Settling {
  readonly sink: Sink;
  readonly path: string;
  readonly key: FileKey;
  readonly sources: readonly HeldSource[];
  readonly space: FileSpace;
}

async function settleFile({ sink, path, key, sources, space }: Settling): Promise<void> {
  const [first] = sources;
  const intentions = sources.map(({ identity }) => parseToken(identity.token)).filter((intention) => intention !== undefined);
  const intention = intentions.find(({ phase }) => phase === 'collapse') ?? intentions[0];
  assert(first !== undefined && intention !== undefined, 'a cut was begun');
  await using handle = await open(path, 'r+');
  const forget = async (): Promise<void> => {
    for (const source of sources) await store(sink, source, { ...source.identity, token: tokenBefore(source.identity) });
  };
  if (keyOf(await handle.stat({ bigint: true })) !== key) return await forget();
  const begun = isZero(await readAt(handle, 0, intention.blockBytes));
  if (begun) return await finishCut({ sink, handle, sources, cut: intention, space });
  if (intention.phase === 'punch') return await forget();
  await takeBase({ sink, handle, sources, cut: intention }, intention.bytes);
}

/** From the intention on; whatever of it was done already is done again without harm. */
async function finishCut(options: CollapseOptions): Promise<void> {
  const { handle, cut, space } = options;
  space.punch(handle.fd, { offset: 0, length: cut.blockBytes });
  await handle.sync();
  crashPoint('agent.rotation.after-punch');
  await storeAll(options, (identity) => ({
    ...identity,
    token: tokenOf({ ...cut, phase: 'collapse', before: tokenBefore(identity) }),
  }));
  crashPoint('agent.rotation.before-collapse');
  const taken = collapseOrPunch(options);
  await handle.sync();
  crashPoint('agent.rotation.after-collapse');
  await takeBase(options, taken);
}

/** What of the range is out of the file now. A file system with larger units than its blocks refuses the range: then it is a hole. */
function collapseOrPunch({ handle, cut, space }: CollapseOptions): number {
  const range = { offset: 0, length: cut.bytes };
  try {
    space.collapse(handle.fd, range);
    return cut.bytes;
  } catch (error) {
    if (!(error instanceof Error && 'code' in error)) throw error;
    space.punch(handle.fd, range);
    return 0;
  }
}

/** The blocks are gone: the copy gets its name, the streams their base. */
async function takeBase(options: Omit<CollapseOptions, 'space'>, taken: number): Promise<void> {
  const { handle, cut } = options;
  await nameCopy(cut.copy);
  crashPoint('agent.rotation.before-base');
  const fingerprint = fingerprintOf(await readHead(handle));
  await storeAll(options, (identity) => ({
    ...identity,
    ...fingerprint,
    base: identity.base + taken,
    token: tokenBefore(identity),
  }));
}

async function storeAll(
  { sink, sources }: Pick<CollapseOptions, 'sink' | 'sources'>,
  change: (identity: SourceIdentity) => SourceIdentity,
): Promise<void> {
  await Promise.all(sources.map((source) => store(sink, source, change(source.identity))));
}

async function store(sink: Sink, source: HeldSource, identity: SourceIdentity): Promise<void> {
  await sink.storeIdentity(source.streamId, identity);
  source.identity = identity;
}

interface Intention extends Cut {
  readonly phase: 'punch' | 'collapse';
  /** The token that this one stands in for. */
  readonly before: string;
}

const tokenBegin = 'cut:';

function tokenOf({ phase, bytes, blockBytes, copy, before }: Intention): string {
  return tokenBegin + JSON.stringify({ phase, bytes, blockBytes, copy, before });
}

function tokenBefore({ token }: SourceIdentity): string {
  return parseToken(token)?.before ?? token;
}

/** The cut that a token tells of; undefined: it is another one, such as a path. */
export function parseToken(token: string): Intention | undefined {
  return token.startsWith(tokenBegin) ? JSON.parse(token.slice(tokenBegin.length)) : undefined;
}

function isZero(bytes: Uint8Array): boolean {
  return bytes.every((byte) => byte === 0);
}

/** Gives a finished copy its name; it has it already if this was done before a crash. */
export async function nameCopy(copy: string): Promise<void> {
  try {
    await rename(partPath(copy), copy);
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return;
    throw error;
  }
  await syncFolder(dirname(copy));
}

/** Makes a rename in it durable. */
export async function syncFolder(path: string): Promise<void> {
  await using folder = await open(path, 'r');
  await folder.sync();
}
