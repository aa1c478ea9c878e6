/**
 * Writes one archive object: rows into frames, frames into the file of its draft; at the end object and manifest get their names in the
 * store (store/archive-store.ts). Nothing is to be relied on before `finish` resolves; a crash before that leaves what the sweep removes, or
 * an object without a row in the index, which the same plan overwrites.
 */
import { createHash } from 'node:crypto';
import { closeSync, openSync } from 'node:fs';
import { assert } from '@tributary/shared/assert.ts';
import type { Block } from '../../processing/block.ts';
import type { StreamKey } from '@tributary/protocol/session/server-effect.ts';
import { type ArchiveObject, streamName } from '../../queue/queue.ts';
import { writeAll } from './durable-file.ts';
import { FrameCiphers } from './frame-cipher.ts';
import { compressFrame, compressionOf } from './frame-codec.ts';
import { HeldRanges } from './held-ranges.ts';
import { frameBytes } from './limits.ts';
import { manifestText, type ManifestBasis } from './manifest.ts';
import { isEncrypted } from './object-name.ts';
import { archiveNameDefault, BlockRows, RowBuffer } from './row-format.ts';
import type { ArchiveStore, ObjectDraft } from './store/archive-store.ts';

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

export interface WrittenFigures extends ObjectFigures {
  /** Of its manifest in the chain of its day; empty where its plan names no place in one. */
  readonly link: string;
}

export interface LeftOut {
  /** What is in other objects. */
  readonly held?: HeldRanges;
  /** The name that documents' routes know this output by. */
  readonly output?: string | undefined;
  /** For an object whose name says that it is encrypted. */
  readonly ciphers?: FrameCiphers;
}

export class ObjectWriter {
  readonly #draft: ObjectDraft;
  readonly #ciphers: FrameCiphers;
  readonly #name: string;
  readonly #file: number;
  readonly #rows: RowBuffer;
  readonly #held: HeldRanges;
  readonly #output: string;
  /** Streams of what was restored: the entries tell no positions of it. */
  readonly #restored = new Map<string, StreamKey>();
  readonly #hash = createHash('sha256');
  readonly #frames: Frame[] = [];
  readonly #hosts = new Set<string>();
  readonly #received = new Range();
  readonly #event = new Range();
  #objectBytes = 0;
  #records = 0;
  #rawBytes = 0;
  #leftOut = 0;
  #isOpen = true;
  #isSealed = false;

  /** What is `held` elsewhere is left out, and what is for other outputs. */
  constructor(
    store: Pick<ArchiveStore, 'draft'>,
    name: string,
    { held = new HeldRanges(), output = archiveNameDefault, ciphers = new FrameCiphers(undefined) }: LeftOut = {},
  ) {
    this.#held = held;
    this.#output = output;
    this.#ciphers = ciphers;
    this.#name = name;
    this.#draft = store.draft(name);
    this.#file = openSync(this.#draft.path, 'w', 0o640);
    this.#rows = new RowBuffer(frameBytes + (frameBytes >> 3));
    this.#rows.appendHeader();
  }

  addBlock(block: Block): void {
    assert(this.#isOpen && !this.#isSealed, 'a closed object is written no more');
    if (block.restored?.isArchived === true) {
      this.#leftOut += block.records;
      return;
    }
    if (block.records === 0) return;
    const before = this.#records + this.#rows.records;
    // What was restored has the positions of lines that came here by another way: what is held tells nothing of it.
    const rows = new BlockRows(block, block.restored === undefined ? this.#held : undefined, this.#output);
    while (!this.#rows.appendRows(rows, frameBytes)) this.#endFrame();
    this.#leftOut += rows.leftOut;
    if (this.#records + this.#rows.records === before) return;
    for (const { attributes, receivedMs } of block.streams) {
      this.#hosts.add(attributes.host);
      this.#received.add(receivedMs ?? block.receivedMs);
    }
    if (block.restored !== undefined) for (const { key } of block.streams) this.#restored.set(streamName(key), key);
    this.#event.add(block.eventMsMin);
    this.#event.add(block.eventMsMax);
  }

  /** Records of the blocks that got no row. */
  get leftOut(): number {
    return this.#leftOut;
  }

  /** Its bytes are durable when it resolves, under no name yet: what is left to `finish` takes a moment. */
  async seal(): Promise<void> {
    if (this.#isSealed || this.#records + this.#rows.records === 0) return;
    this.#isSealed = true;
    this.#endFrame();
    this.#close();
    await this.#draft.seal(this.#objectBytes);
  }

  /** Durable when it resolves. Undefined where there was no record: an object of none is not kept. */
  async finish(basis: ManifestBasis): Promise<WrittenFigures | undefined> {
    if (this.#records + this.#rows.records === 0) {
      await this.abort();
      return undefined;
    }
    await this.seal();
    const figures = this.#figures();
    const segments = [...basis.segments, ...[...this.#restored.values()].map((key) => ({ key, from: 0, to: 0 }))];
    const keyId = isEncrypted(this.#name) ? this.#ciphers.encryptsWith : undefined;
    const { text, link } = manifestText({ ...basis, segments, name: this.#name, keyId, ...figures });
    await this.#draft.publish({ sha256: figures.sha256, manifest: text });
    return { ...figures, link };
  }

  /** Gives up: what was written so far gives its room back. */
  async abort(): Promise<void> {
    this.#close();
    await this.#draft.discard();
  }

  #endFrame(): void {
    const { records, rawBytes, length } = this.#rows;
    if (records === 0 && this.#frames.length > 0) return;
    const compressed = compressFrame(compressionOf(this.#name), this.#rows.take());
    const place = { name: this.#name, offset: this.#objectBytes };
    const frame = isEncrypted(this.#name) ? this.#ciphers.seal(compressed, place) : compressed;
    writeAll(this.#file, frame);
    this.#hash.update(frame);
    this.#frames.push({ offset: this.#objectBytes, inflatedBytes: length, records });
    this.#objectBytes += frame.length;
    this.#records += records;
    this.#rawBytes += rawBytes;
    this.#draft.grown(this.#objectBytes);
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
