/**
 * `copytruncate`: the beginning of a log is copied and taken out, while its writer goes on in the same file.
 *
 * - `collapse`: blocks that every hub has are copied, then collapsed (inputs/file/collapse.ts). Appending goes on undisturbed: no byte
 *   can be lost, whatever the writer does meanwhile. The rest of the file, less than one block and whatever is not acknowledged,
 *   stays. A line may be divided between the copy and the file, or two copies: one after the other they are the whole.
 * - `punch`: as above, but the blocks become a hole behind the first one, which stays so that the file is known by it. Offsets stay,
 *   so this also suits writers that do not append; the file's size still tells of the hole, its blocks do not.
 * - `truncate`: all of it is copied, and truncated when nothing is unread. Between the last look at its size and the truncation, some
 *   microseconds, a line may come that is lost and that nobody sees: no reader can close that window. It is measured and told.
 */
import type { BigIntStats } from 'node:fs';
import { fstatSync, ftruncateSync } from 'node:fs';
import { type FileHandle, rm } from 'node:fs/promises';
import { crashPoint } from '@tributary/shared/crash-point.ts';
import type { FileProgress } from '../inputs/input.ts';
import {
  canCollapse,
  canPunch,
  collapseFront,
  cuttableBytes,
  gatesOf,
  type HeldSource,
  nameCopy,
  parseToken,
  partPath,
} from '../inputs/file/collapse.ts';
import { keyOf } from '../inputs/file/identity.ts';
import { firstData } from './linux/first-data.ts';
import { rotatedPath } from './naming.ts';
import { type CutMethod, type Rotated, type RotateOptions, unreadReason } from './rotation.ts';
import { ackedBytes, readersOf } from './shipped.ts';
import { writeCopy } from './write-copy.ts';

export interface CutOptions extends RotateOptions {
  readonly handle: FileHandle;
  readonly stats: BigIntStats;
}

/** What is to be copied and taken out, decided once. */
interface Plan extends CutOptions {
  readonly from: number;
  readonly to: number;
  readonly copy: string;
  readonly blockBytes: number;
  readonly readers: readonly FileProgress[];
}

export async function cutFile(options: CutOptions): Promise<Rotated> {
  const { parts, handle, stats, group } = options;
  const readers = await readersOf(parts.sink, handle, stats);
  if (readers.length === 0 && group.unread === 'wait') return waits(unreadReason);
  // A crash interrupted a cut: an input brings it to an end, and until then nobody knows where the file begins.
  if (readers.some(({ stream }) => parseToken(stream.identity.token) !== undefined)) return waits('');
  const copy = rotatedPath(options.path, options.stampMs, group.compress);
  const blockBytes = Number(stats.blksize);
  const method = methodOf(options, blockBytes);
  if (method === undefined) return waits(`the file system cannot ${group.cut} the file`);
  const plan = { ...options, copy, blockBytes, readers };
  if (method === 'truncate') return await truncate({ ...plan, from: 0, to: Number(stats.size) });
  const whole = Math.floor((Number(stats.size) - 1) / blockBytes) * blockBytes;
  const to = readers.length === 0 ? whole : Math.min(whole, cuttableBytes(readers, blockBytes));
  const from = beginOfData(handle.fd, blockBytes);
  if (to <= Math.max(from, method === 'punch' ? blockBytes : 0)) return waits('');
  await copyOut({ ...plan, from, to });
  return method === 'punch' ? await punch({ ...plan, from, to }) : await collapse({ ...plan, from, to });
}

/** Undefined: what the options ask for cannot be done here. A file that was punched before keeps its offsets. */
function methodOf({ handle, parts, group }: CutOptions, blockBytes: number): CutMethod | undefined {
  const { space } = parts;
  const { cut = 'auto' } = group;
  const able = {
    collapse: (): boolean => beginOfData(handle.fd, blockBytes) === 0 && canCollapse(handle, space),
    punch: (): boolean => canPunch(handle, space),
    truncate: (): boolean => true,
  };
  if (cut !== 'auto') return able[cut]() ? cut : undefined;
  return (['collapse', 'punch', 'truncate'] as const).find((method) => able[method]());
}

/** Behind the hole that an earlier rotation left: at the file's beginning, or behind its first block. */
function beginOfData(fd: number, blockBytes: number): number {
  const first = firstData(fd, 0) ?? 0;
  if (first > 0) return first;
  const next = firstData(fd, blockBytes) ?? 0;
  return next > blockBytes ? next : 0;
}

async function copyOut({ handle, stats, from, to, copy, group, parts }: Plan): Promise<void> {
  const { stop } = parts;
  await parts.copies.run(() => writeCopy({ source: handle, stats, from, to, copy, compression: group.compress, stop }));
  crashPoint('agent.rotation.after-copy');
}

async function collapse(plan: Plan): Promise<Rotated> {
  const { handle, stats, to: bytes, copy, blockBytes, readers } = plan;
  const { sink, space } = plan.parts;
  // Written pages go to disk before the writer has to wait for it.
  await handle.datasync();
  if (readers.length === 0) {
    await nameCopy(copy);
    space.collapse(handle.fd, { offset: 0, length: bytes });
    return { kind: 'rotated', to: copy, bytes, method: 'collapse' };
  }
  return await gatesOf(sink).hold(keyOf(stats), async (sources) => {
    const now = await readersOf(sink, handle, stats);
    const isAsPlanned = isAllHeld(now, sources) && basesOf(now) === basesOf(readers);
    const isDone = isAsPlanned && (await collapseFront({ sink, handle, sources, space, cut: { bytes, blockBytes, copy } }));
    if (isDone) return { kind: 'rotated', to: copy, bytes, method: 'collapse' };
    await rm(partPath(copy), { force: true });
    return waits('an input is about to read the file, or does not read it any more');
  });
}

/** Every stream's source is held: nobody reads the file meanwhile, and somebody remembers what was done to it. */
function isAllHeld(readers: readonly FileProgress[], sources: readonly HeldSource[]): boolean {
  const held = new Set(sources.map(({ streamId }) => streamId));
  return held.size > 0 && readers.every(({ stream }) => held.has(stream.streamId));
}

/** Which streams read the file, and where it begins for each: another one since the plan was made, and its offsets mean other bytes. */
function basesOf(readers: readonly FileProgress[]): string {
  return readers
    .map(({ stream }) => `${stream.streamId} ${stream.identity.base}`)
    .toSorted()
    .join();
}

async function punch({ handle, parts, from, to, copy, blockBytes }: Plan): Promise<Rotated> {
  await nameCopy(copy);
  crashPoint('agent.rotation.before-hole');
  const begin = Math.max(from, blockBytes);
  parts.space.punch(handle.fd, { offset: begin, length: to - begin });
  await handle.sync();
  return { kind: 'rotated', to: copy, bytes: to - from, method: 'punch' };
}

async function truncate(plan: Plan): Promise<Rotated> {
  const { parts, handle, stats, to, copy, readers } = plan;
  if (readers.length > 0 && ackedBytes(readers) < to) return waits('no moment yet in which all of it is acknowledged');
  await copyOut(plan);
  return await gatesOf(parts.sink).hold(keyOf(stats), async () => {
    await nameCopy(copy);
    crashPoint('agent.rotation.before-truncate');
    // Nothing may come between these two calls.
    const isWhole = fstatSync(handle.fd).size === to;
    if (isWhole) ftruncateSync(handle.fd, 0);
    crashPoint('agent.rotation.after-truncate');
    if (isWhole) return { kind: 'rotated', to: copy, bytes: to, method: 'truncate' };
    await rm(copy, { force: true });
    return waits('the file grew while it was copied');
  });
}

function waits(reason: string): Rotated {
  return { kind: 'waits', reason };
}
