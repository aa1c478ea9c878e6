/** An archive of any size in a short time: the log's lines over and over, an object a minute, received up to now. */
import { randomBytes } from 'node:crypto';
import { mkdirSync, readFileSync } from 'node:fs';
import { ObjectWriter } from '../../hub/outputs/archive/object-writer.ts';
import { objectName } from '../../hub/outputs/archive/object-name.ts';
import { FolderStore } from '../../hub/outputs/archive/store/folder-store.ts';
import type { Block } from '../../hub/processing/block.ts';
import { streamInfo } from '../../hub/testing/records.ts';
import type { GeneratedLog } from './generator.ts';

export interface MadeArchive {
  readonly folder: string;
  readonly rawBytes: number;
  readonly log: GeneratedLog;
  /** The last record was received then. */
  readonly untilMs: number;
  /** All of it was received within so long. */
  readonly spanMs: number;
}

/** As the hub's default has them. */
const objectBytes = 64 * 2 ** 20;
const blockBytes = 2 ** 20;
const channels = ['default/app', 'default/web', 'shop/app', 'shop/web'];
const newline = 0x0a;

/** Resolves with how many objects there are. */
export async function makeArchive(made: MadeArchive): Promise<number> {
  const { folder, rawBytes, log, untilMs, spanMs } = made;
  const store = new FolderStore(folder);
  mkdirSync(folder, { recursive: true });
  const pieces = piecesOf(readFileSync(log.path));
  const objects = Math.max(channels.length, Math.round(rawBytes / objectBytes));
  const storeId = randomBytes(16).toString('hex');
  const stepMs = spanMs / objects;
  let piece = 0;
  for (let index = 0; index < objects; index += 1) {
    const channel = channels[index % channels.length] ?? '';
    const fromMs = Math.round(untilMs - (objects - index) * stepMs);
    const place = { channel, storeId, partition: 0, first: index + 1, last: index + 1 };
    const name = objectName({ ...place, receivedMs: fromMs, compression: 'zstd', encrypted: false });
    const writer = new ObjectWriter(store, name);
    const blocks = Math.ceil(objectBytes / blockBytes);
    for (let block = 0; block < blocks; block += 1) {
      const raw = pieces[piece % pieces.length];
      piece += 1;
      if (raw !== undefined)
        writer.addBlock(blockOf(raw, { channel, number: piece, receivedMs: Math.round(fromMs + (block * stepMs) / blocks) }));
    }
    await writer.finish({ ...place, topic: `back/${channel}`, segments: [] });
  }
  return objects;
}

interface Piece {
  readonly raw: Buffer;
  readonly lengths: Uint32Array;
}

/** Whole lines, about a block's worth in each. */
function piecesOf(log: Buffer): Piece[] {
  const pieces: Piece[] = [];
  let lengths: number[] = [];
  let [start, at] = [0, 0];
  while (at < log.length) {
    const end = log.indexOf(newline, at) + 1 || log.length;
    lengths.push(end - at);
    at = end;
    if (at - start < blockBytes && at < log.length) continue;
    pieces.push({ raw: log.subarray(start, at), lengths: Uint32Array.from(lengths) });
    lengths = [];
    start = at;
  }
  return pieces;
}

function blockOf(
  { raw, lengths }: Piece,
  at: { readonly channel: string; readonly number: number; readonly receivedMs: number },
): Block {
  const { key, attributes, identity } = streamInfo(1, { host: `web${at.number % 20}` });
  return {
    receivedMs: at.receivedMs,
    records: lengths.length,
    streams: [{ key, attributes, path: identity.path, from: at.number * 2 * blockBytes }],
    eventMsMin: undefined,
    eventMsMax: undefined,
    columns: {
      stream: new Uint32Array(lengths.length),
      skipped: new Float64Array(lengths.length),
      ordinal: new Uint32Array(lengths.length),
      flags: new Uint8Array(lengths.length),
      length: lengths,
      event: undefined,
    },
    raw,
    fields: new Uint8Array(),
    routes: [],
  };
}
