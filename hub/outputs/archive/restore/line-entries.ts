/**
 * Archived lines as the batches that they might have come in: with the same streams and positions, so that the same documents have the
 * same names.
 *
 * Rows do not tell whether a stream's positions count bytes or records. Where lines follow each other that can be seen; where not, each is
 * a segment of its own, which is as right.
 */
import { constants, zstdCompressSync } from 'node:zlib';
import type { Cut, StreamAttributes } from '@tributary/protocol/messages.ts';
import type { BatchEntry } from '../../../processing/batch-entry.ts';
import type { EntrySegment, StreamInfo } from '../../../queue/queue.ts';
import type { RowSource } from '../search/frame-rows.ts';
import type { ArchivedLine } from './archived-lines.ts';

/** Each entry is of lines that were received at one time. */
export function entriesOfLines(lines: readonly ArchivedLine[], channel: string): BatchEntry[] {
  const streams = new Streams(lines, channel);
  const entries: BatchEntry[] = [];
  for (let start = 0; start < lines.length;) {
    const receivedMs = lines[start]?.source.receivedMs ?? 0;
    let end = start + 1;
    while (end < lines.length && lines[end]?.source.receivedMs === receivedMs) end += 1;
    entries.push(entryOf(lines.slice(start, end), receivedMs, streams));
    start = end;
  }
  return entries;
}

function entryOf(lines: readonly ArchivedLine[], receivedMs: number, streams: Streams): BatchEntry {
  const segments: EntrySegment[] = [];
  let open: OpenSegment | undefined;
  for (const line of lines) {
    const stream = streams.of(line);
    if (open?.takes(stream, line) !== true) {
      if (open !== undefined) segments.push(open.segment());
      open = new OpenSegment(stream, line.position);
    }
    open.add(line);
  }
  if (open !== undefined) segments.push(open.segment());
  const raw = Buffer.concat(lines.map((line) => line.raw));
  const params = { [constants.ZSTD_c_compressionLevel]: 1 };
  const body = new Uint8Array(zstdCompressSync(raw, { params }));
  return { records: lines.length, inflatedBytes: raw.length, segments, trims: [], receivedMs, body };
}

class OpenSegment {
  readonly #stream: StreamInfo;
  readonly #from: number;
  readonly #lengths: number[] = [];
  readonly #cuts: Cut[] = [];
  #bytes = 0;
  #to: number;

  constructor(stream: StreamInfo, from: number) {
    this.#stream = stream;
    this.#from = from;
    this.#to = from;
  }

  takes(stream: StreamInfo, line: ArchivedLine): boolean {
    return stream === this.#stream && line.position === this.#to;
  }

  add({ raw, isPartial }: ArchivedLine): void {
    this.#lengths.push(raw.length);
    this.#bytes += raw.length;
    this.#to += this.#stream.attributes.counted ? 1 : raw.length;
    if (isPartial) this.#cuts.push({ offset: this.#bytes, cause: 'too-long' });
  }

  segment(): EntrySegment {
    const lengths = this.#lengths;
    const place = { from: this.#from, to: this.#to, fromMark: '', toMark: '' };
    return { stream: this.#stream, ...place, records: lengths.length, bytes: this.#bytes, cuts: this.#cuts, lengths, drops: [] };
  }
}

/** The streams of lines: one object for each stream with the same attributes. */
class Streams {
  readonly #channel: string;
  readonly #counted: ReadonlySet<string>;
  readonly #streams = new Map<string, StreamInfo>();
  readonly #bySource = new Map<RowSource, { readonly encoding: string; readonly stream: StreamInfo }>();

  constructor(lines: readonly ArchivedLine[], channel: string) {
    this.#channel = channel;
    this.#counted = countedStreams(lines);
  }

  of(line: ArchivedLine): StreamInfo {
    const { source, encoding, siteId } = line;
    const known = this.#bySource.get(source);
    if (known?.encoding === encoding) return known.stream;
    const { host, agent, stream, source: path, labels } = source;
    const name = JSON.stringify([siteId, agent, stream, host, path, labels, encoding]);
    const made = this.#streams.getOrInsertComputed(name, () => {
      const [tenant = '', type = ''] = this.#channel.split('/');
      const attributes: StreamAttributes = {
        tenant,
        type,
        host,
        encoding,
        counted: this.#counted.has(streamOf(line)),
        labels: labelsOf(labels),
      };
      const key = { siteId, agentId: agent, streamId: stream };
      const identity = { path, device: '', inode: '', fingerprint: '', fingerprintLength: 0, token: '', base: 0 };
      return { key, attributes, identity, start: 0 };
    });
    this.#bySource.set(source, { encoding, stream: made });
    return made;
  }
}

/** Streams in which a line ends one position behind its own although it has not one byte. */
function countedStreams(lines: readonly ArchivedLine[]): ReadonlySet<string> {
  const counted = new Set<string>();
  const before = new Map<string, ArchivedLine>();
  for (const line of lines) {
    const stream = streamOf(line);
    const last = before.get(stream);
    if (line.raw.length === 0 || (last !== undefined && line.position === last.position + 1 && last.raw.length !== 1))
      counted.add(stream);
    before.set(stream, line);
  }
  return counted;
}

function streamOf({ siteId, source: { agent, stream } }: ArchivedLine): string {
  return `${siteId}/${agent}/${stream}`;
}

/** Written by the archive. */
function labelsOf(text: string): StreamAttributes['labels'] {
  if (text === '') return {};
  const labels: Record<string, string> = JSON.parse(text);
  return labels;
}
