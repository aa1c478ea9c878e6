/**
 * Reads archived lines back out of an object, frame by frame. A line is a record: rows of the documents that a pipeline made of it besides
 * the first one have its position and no bytes, and are no lines of their own.
 */
import type { Id } from '@tributary/protocol/messages.ts';
import type { ArchiveObject } from '../../../queue/queue.ts';
import type { FrameCiphers } from '../frame-cipher.ts';
import { parseManifest } from '../manifest.ts';
import { manifestName } from '../object-name.ts';
import { openFrame } from '../open-frame.ts';
import { headerRow } from '../row-format.ts';
import { FrameRows, rawOf, RowError, type RowSource } from '../search/frame-rows.ts';
import type { ArchiveStore } from '../store/archive-store.ts';

export interface ArchivedLine {
  /** Its number in the object. */
  readonly row: number;
  /** The same object for lines that follow each other and have the same of it. */
  readonly source: RowSource;
  readonly siteId: Id;
  readonly position: number;
  readonly isPartial: boolean;
  /** Empty where it is UTF-8 or nobody knows. */
  readonly encoding: string;
  /** As received, with its terminator. */
  readonly raw: Buffer;
}

export interface ArchivedFrame {
  readonly lines: readonly ArchivedLine[];
  /** All that were chosen, those that are no lines among them. */
  readonly rows: readonly number[];
}

export type ChooseRow = (source: RowSource, row: number) => boolean;

/** What cannot be read; the message says why. */
export class RestoreReadError extends Error {
  override readonly name = 'RestoreReadError';
  readonly code = 'ARCHIVE_UNREADABLE';
}

/** Where objects are read, and what decrypts them. */
export interface ReadableArchive {
  readonly store: Pick<ArchiveStore, 'read' | 'readRange'>;
  readonly ciphers: FrameCiphers;
}

export class ObjectLines {
  readonly #archive: ReadableArchive;
  readonly #object: ArchiveObject;
  readonly #sites: ReadonlyMap<string, Id>;

  private constructor(archive: ReadableArchive, object: ArchiveObject, sites: ReadonlyMap<string, Id>) {
    this.#archive = archive;
    this.#object = object;
    this.#sites = sites;
  }

  /** Rejects with a RestoreReadError: without its manifest nobody knows of which site the streams are, which is a part of documents' names. */
  static async open(archive: ReadableArchive, object: ArchiveObject): Promise<ObjectLines> {
    const manifest = parseManifest(await textOf(archive.store, manifestName(object.name)));
    if (manifest === undefined) throw new RestoreReadError('its manifest cannot be read');
    const sites = new Map(manifest.segments.map(({ key }) => [`${key.agentId}/${key.streamId}`, key.siteId]));
    return new ObjectLines(archive, object, sites);
  }

  get frames(): number {
    return this.#object.frames.length;
  }

  /** Numbers of a frame's first row and of the first one behind it. */
  rowsOf(frame: number): readonly [from: number, to: number] {
    const before = this.#object.frames.slice(0, frame).reduce((sum, { records }) => sum + records, 0);
    return [before, before + (this.#object.frames[frame]?.records ?? 0)];
  }

  /** Rejects with a RestoreReadError. */
  async read(frame: number, choose: ChooseRow): Promise<ArchivedFrame> {
    try {
      return this.#linesOf(await this.#inflated(frame), frame, choose);
    } catch (error) {
      if (error instanceof RestoreReadError) throw error;
      throw new RestoreReadError(`frame ${frame} of it: ${error instanceof Error ? error.message : String(error)}`, {
        cause: error,
      });
    }
  }

  #linesOf(bytes: Buffer, frame: number, choose: ChooseRow): ArchivedFrame {
    const start = frame === 0 ? headerRow.length : 0;
    if (frame === 0 && !bytes.subarray(0, start).equals(headerRow)) throw new RowError('it does not begin with the header row');
    const lines: ArchivedLine[] = [];
    const chosen: number[] = [];
    const [first, behind] = this.rowsOf(frame);
    const rows = new FrameRows(bytes, start);
    let row = first;
    for (; rows.next(); row += 1) {
      const { source } = rows;
      if (!choose(source, row)) continue;
      chosen.push(row);
      const [position, ordinal, flags = ''] = rows.place();
      if (ordinal !== '0' && rows.rawEnd === rows.rawStart) continue;
      const words = flags.split(' ');
      const encoding = words[0]?.startsWith('encoding:') === true ? words[0].slice('encoding:'.length) : '';
      const isPartial = words.includes('partial');
      lines.push({
        row,
        source,
        siteId: this.#siteOf(source),
        position: Number(position),
        isPartial,
        encoding,
        raw: rawOf(bytes, rows),
      });
    }
    if (row !== behind) throw new RowError(`it has ${row - first} rows instead of ${behind - first}`);
    return { lines, rows: chosen };
  }

  #siteOf({ agent, stream }: RowSource): Id {
    const site = this.#sites.get(`${agent}/${stream}`);
    if (site === undefined) throw new RestoreReadError(`its manifest does not tell the site of stream ${stream}`);
    return site;
  }

  async #inflated(frame: number): Promise<Buffer> {
    const { store, ciphers } = this.#archive;
    const { frames, objectBytes, name, sha256 } = this.#object;
    const { offset = 0, inflatedBytes = 0 } = frames[frame] ?? {};
    const length = (frames[frame + 1]?.offset ?? objectBytes) - offset;
    return openFrame(ciphers, await store.readRange(name, { offset, length, version: sha256 }), { name, offset, inflatedBytes });
  }
}

async function textOf(store: ReadableArchive['store'], name: string): Promise<string> {
  let text: Buffer | undefined;
  try {
    text = await store.read(name);
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new RestoreReadError(`its manifest cannot be read (${reason})`, { cause });
  }
  if (text === undefined) throw new RestoreReadError('its manifest is not there');
  return text.toString();
}
