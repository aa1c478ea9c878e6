/** What tests of processing, archive and search make entries from: batches of lines as an agent would send them. */
import { execFileSync } from 'node:child_process';
import { constants, zstdCompressSync } from 'node:zlib';
import type { Cut, Drop, Segment, StreamAttributes } from '@tributary/protocol/messages.ts';
import type { AppendBatch, Entry, EntrySegment, Queue, StreamInfo } from '../queue/queue.ts';

const siteId = '51'.repeat(16);
const agentId = 'a6'.repeat(16);

export function streamInfo(number: number, changes: Partial<StreamAttributes> = {}, path = `/var/log/${number}.log`): StreamInfo {
  return {
    key: { siteId, agentId, streamId: number.toString(16).padStart(32, '0') },
    attributes: { tenant: 'acme', type: 'app', host: 'web1', encoding: 'utf-8', counted: false, labels: {}, ...changes },
    identity: { path, device: '1', inode: '2', fingerprint: '', fingerprintLength: 0, token: '', base: 0 },
    start: 0,
  };
}

/** A segment over `bytes`, whose records end after each newline, at the cuts, and at the end. */
export function lineSegment(bytes: Buffer, from = 0, cuts: readonly Cut[] = []): Segment {
  const ends = new Set(cuts.map((cut) => cut.offset));
  for (let newline = bytes.indexOf(10); newline !== -1; newline = bytes.indexOf(10, newline + 1)) ends.add(newline + 1);
  if (bytes.length > 0) ends.add(bytes.length);
  return {
    from,
    to: from + bytes.length,
    fromMark: '',
    toMark: '',
    records: ends.size,
    bytes: bytes.length,
    cuts,
    lengths: [],
    drops: [],
  };
}

export function countedSegment(records: readonly Buffer[], from = 0): Segment {
  const lengths = records.map((record) => record.length);
  const bytes = lengths.reduce((sum, length) => sum + length, 0);
  return {
    from,
    to: from + records.length,
    fromMark: '',
    toMark: '',
    records: records.length,
    bytes,
    cuts: [],
    lengths,
    drops: [],
  };
}

export function compress(bytes: Uint8Array): Uint8Array<ArrayBuffer> {
  return new Uint8Array(zstdCompressSync(bytes, { params: { [constants.ZSTD_c_checksumFlag]: 1 } }));
}

/** An entry of a front topic, as a pipeline reads it. */
export function batchEntry(segments: readonly EntrySegment[], body: Buffer, changes: Partial<Entry> = {}): Entry {
  const compressed = changes.body ?? compress(body);
  return {
    format: 'batch',
    topic: 'front/acme/app',
    partition: 0,
    sequence: 1,
    receivedMs: Date.UTC(2026, 10, 21, 12, 0, 0, 123),
    createdMs: 1,
    records: segments.reduce((sum, segment) => sum + segment.records, 0),
    inflatedBytes: body.length,
    segments,
    trims: [],
    hops: [],
    checksum: 0,
    body: compressed,
    bodyBytes: compressed.length,
    ...changes,
  };
}

/** Opens a stream and appends bytes to it as a batch: what intake does for an agent. */
export class StreamWriter {
  readonly info: StreamInfo;
  readonly #queue: Queue;
  #position = 0;
  #isOpen = false;

  constructor(queue: Queue, info: StreamInfo) {
    this.#queue = queue;
    this.info = info;
  }

  /** Says that so many positions were left out; they held `records` records. */
  async appendDrop(span: number, records: number): Promise<void> {
    await this.append(Buffer.alloc(0), {}, [{ offset: 0, span, records }]);
  }

  async append(bytes: Buffer, changes: Partial<AppendBatch> = {}, drops: readonly Drop[] = []): Promise<void> {
    const { key, attributes, identity } = this.info;
    if (!this.#isOpen) {
      await this.#queue.openStream({ key, origin: { siteId: '', agentId: '' }, identity, attributes, start: 0 });
      this.#isOpen = true;
    }
    const from = this.#position;
    const to = from + bytes.length + drops.reduce((sum, { span }) => sum + span, 0);
    const segment = { ...lineSegment(bytes, from), to, fromMark: mark(from), toMark: mark(to), drops };
    const result = await this.#queue.append({
      channel: `${attributes.tenant}/${attributes.type}`,
      segments: [{ ...segment, key }],
      records: segment.records,
      inflatedBytes: bytes.length,
      createdMs: 1,
      trims: [],
      hops: [],
      checksum: 0,
      body: compress(bytes),
      ...changes,
    });
    if (result.kind === 'refused') throw new Error(`the queue refused: ${result.reason} ${result.hint}`);
    this.#position = to;
  }
}

/** Marks of test streams tell their position, so that equal positions of one stream fit each other. */
function mark(position: number): string {
  return position === 0 ? '' : position.toString(16).padStart(16, '0');
}

/** What breaks naive formats: every terminator, byte and CSV sign. */
export const awkwardLines: Buffer = Buffer.concat([
  Buffer.from('plain\n\r\nCRLF line\r\n\n\n"quoted", with, commas\n""\n"\n'),
  Buffer.from([0xff, 0xfe, 0x80, 0x0a, 0x00, 0x00, 0x0a, 0xc3, 0x28, 0x0a]),
  Buffer.from('tab\tand é ü 漢字 🙂\n=1+1\nlone \r inside\n{"json":"with \\"escapes\\""}\n'),
  Buffer.from(`${'long '.repeat(2000)}\n`),
  Buffer.from('no final newline "'),
]);

export const hasPython: boolean = runs('python3', ['--version']);
export const hasZstd: boolean = runs('zstd', ['--version']);

function runs(command: string, args: readonly string[]): boolean {
  try {
    execFileSync(command, args, { stdio: 'ignore' });
    return true;
  } catch {
    return false;
  }
}

/**
 * The raw column of archive objects as tools that are not ours see it: `zstd -dc` (or `gzip -dc`) and Python's csv module. Rows of
 * all objects one after the other.
 */
export function rawColumnOf(paths: readonly string[]): Buffer {
  const parts = paths.map((path) => {
    const csv = execFileSync(path.endsWith('.gz') ? 'gzip' : 'zstd', ['-dc', path], { maxBuffer: 1 << 30 });
    return execFileSync('python3', ['-c', rawColumnScript], { input: csv, maxBuffer: 1 << 30 });
  });
  return Buffer.concat(parts);
}

const rawColumnScript = `
import csv, io, sys
csv.field_size_limit(1 << 30)
rows = csv.reader(io.TextIOWrapper(sys.stdin.buffer, encoding='latin-1', newline=''), strict=True)
header = next(rows)
assert header == 'received,host,agent,stream,source,labels,position,ordinal,flags,event,fields,raw'.split(','), header
for row in rows:
    assert len(row) == len(header), row
    sys.stdout.buffer.write(row[11].encode('latin-1'))
`;
