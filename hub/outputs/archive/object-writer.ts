/**
 * Writes one archive object: rows into frames, frames into a temporary file; at the end sync, rename, the manifest likewise, and
 * sync of the folder. Nothing is to be relied on before `finish` returns; a crash before that leaves a temporary file, or an
 * object without a row in the index, which the same plan overwrites.
 */
import { createHash } from 'node:crypto';
import { closeSync, existsSync, fsyncSync, openSync, readFileSync, renameSync, rmSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { assert } from '@tributary/shared/assert.ts';
import { crashPoint } from '@tributary/shared/crash-point.ts';
import type { Block } from '../../processing/block.ts';
import type { ArchiveObject } from '../../queue/queue.ts';
import { makeFolder, syncFolder, temporaryPath, writeAll, writeSmallFile } from './durable-file.ts';
import { compressFrame, compressionOf } from './frame-codec.ts';
import { HeldRanges } from './held-ranges.ts';
import { frameBytes } from './limits.ts';
import { manifestText, type ManifestBasis } from './manifest.ts';
import { keptName, manifestName } from './object-name.ts';
import { BlockRows, RowBuffer } from './row-format.ts';

/** What is known of an object only when its rows were written. */
export type ObjectFigures = Pick<
  ArchiveObject,
  | 'receivedMsMin'
  | 'receivedMsMax'
  | 'eventMsMin'
  | 'eventMsMax'
  | 'records'
  | 'rawBytes'
  | 'objectBytes'
  | 'sha256'
  | 'hosts'
  | 'frames'
>;

type Frame = ArchiveObject['frames'][number];

export class ObjectWriter {
  readonly #path: string;
  readonly #name: string;
  readonly #file: number;
  readonly #rows: RowBuffer;
  readonly #held: HeldRanges;
  readonly #hash = createHash('sha256');
  readonly #frames: Frame[] = [];
  readonly #hosts = new Set<string>();
  readonly #received = new Range();
  readonly #event = new Range();
  #objectBytes = 0;
  #records = 0;
  #rawBytes = 0;
  #isOpen = true;
  #isSealed = false;

  /** `name` is relative to `folder`, which exists. What is `held` elsewhere is left out. */
  constructor(folder: string, name: string, held: HeldRanges = new HeldRanges()) {
    this.#held = held;
    this.#name = name;
    this.#path = join(folder, name);
    makeFolder(dirname(this.#path));
    this.#file = openSync(temporaryPath(this.#path), 'w', 0o640);
    this.#rows = new RowBuffer(frameBytes + (frameBytes >> 3));
    this.#rows.appendHeader();
  }

  addBlock(block: Block): void {
    assert(this.#isOpen && !this.#isSealed, 'a closed object is written no more');
    if (block.records === 0) return;
    const before = this.#records + this.#rows.records;
    const rows = new BlockRows(block, this.#held);
    while (!this.#rows.appendRows(rows, frameBytes)) this.#endFrame();
    if (this.#records + this.#rows.records === before) return;
    for (const { attributes, receivedMs } of block.streams) {
      this.#hosts.add(attributes.host);
      this.#received.add(receivedMs ?? block.receivedMs);
    }
    this.#event.add(block.eventMsMin);
    this.#event.add(block.eventMsMax);
  }

  /** Its bytes are durable when it returns, under no name yet: what is left to `finish` takes a moment. */
  seal(): void {
    if (this.#isSealed || this.#records + this.#rows.records === 0) return;
    this.#isSealed = true;
    this.#endFrame();
    fsyncSync(this.#file);
  }

  /** Durable when it returns. Undefined where there was no record: an object of none is not kept. */
  finish(basis: ManifestBasis): ObjectFigures | undefined {
    if (this.#records + this.#rows.records === 0) {
      this.abort();
      return undefined;
    }
    this.seal();
    this.#close();
    const figures = this.#figures();
    crashPoint('hub.archive.before-rename');
    this.#keepOther(figures.sha256);
    renameSync(temporaryPath(this.#path), this.#path);
    writeSmallFile(manifestName(this.#path), manifestText({ ...basis, name: this.#name, ...figures }));
    syncFolder(dirname(this.#path));
    return figures;
  }

  /** Gives up: what was written so far gives its room back. */
  abort(): void {
    this.#close();
    rmSync(temporaryPath(this.#path), { force: true });
  }

  /**
   * After a crash the same plan writes the same bytes over what is there. Other bytes are from before the store was brought back
   * from an older copy, which counts its entries again: they are kept, as nothing else may hold them any more.
   */
  #keepOther(sha256: string): void {
    if (!existsSync(this.#path)) return;
    const other = createHash('sha256').update(readFileSync(this.#path)).digest('hex');
    if (other === sha256) return;
    const kept = keptName(this.#path, other);
    if (existsSync(manifestName(this.#path))) renameSync(manifestName(this.#path), manifestName(kept));
    renameSync(this.#path, kept);
  }

  #endFrame(): void {
    const { records, rawBytes, length } = this.#rows;
    if (records === 0 && this.#frames.length > 0) return;
    const frame = compressFrame(compressionOf(this.#name), this.#rows.take());
    writeAll(this.#file, frame);
    this.#hash.update(frame);
    this.#frames.push({ offset: this.#objectBytes, inflatedBytes: length, records });
    this.#objectBytes += frame.length;
    this.#records += records;
    this.#rawBytes += rawBytes;
  }

  #figures(): ObjectFigures {
    return {
      receivedMsMin: this.#received.min ?? 0,
      receivedMsMax: this.#received.max ?? 0,
      eventMsMin: this.#event.min,
      eventMsMax: this.#event.max,
      records: this.#records,
      rawBytes: this.#rawBytes,
      objectBytes: this.#objectBytes,
      sha256: this.#hash.digest('hex'),
      hosts: [...this.#hosts].toSorted(),
      frames: this.#frames,
    };
  }

  #close(): void {
    if (!this.#isOpen) return;
    this.#isOpen = false;
    closeSync(this.#file);
  }
}

/** Least and greatest of what was added. */
class Range {
  min: number | undefined;
  max: number | undefined;

  add(value: number | undefined): void {
    if (value === undefined) return;
    this.min = this.min === undefined ? value : Math.min(this.min, value);
    this.max = this.max === undefined ? value : Math.max(this.max, value);
  }
}
