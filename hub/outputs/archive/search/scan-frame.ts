/** Finds the matching rows of one inflated frame and writes each in the asked form. */
import { isUtf8 } from 'node:buffer';
import { headerRow } from '../row-format.ts';
import { mayHoldEncodings, RowDecoders } from '../encoding-flag.ts';
import { FrameRows, rawOf, RowError, unquote } from './frame-rows.ts';
import type { FrameMatcher } from './matcher.ts';
import type { ArchiveQuery } from './query.ts';
import { mayMeet, rowTest } from './row-test.ts';
import { reversed } from './reversed.ts';
import type { FrameResult, ResultFormat, SearchOrder } from './search-contract.ts';

export interface ScanRequest {
  readonly frame: Buffer;
  readonly channel: string;
  readonly isFirst: boolean;
  readonly query: ArchiveQuery;
  readonly matcher: FrameMatcher;
  readonly format: ResultFormat;
  readonly order?: SearchOrder;
}

export function scanFrame(request: ScanRequest): FrameResult {
  const { frame, channel, isFirst, query, matcher, order } = request;
  const start = isFirst ? headerRow.length : 0;
  if (isFirst && !frame.subarray(0, start).equals(headerRow)) throw new RowError('the object does not begin with the header row');
  const firstMs = firstTime(frame, start);
  const collector = collectorOf(request);
  const { sinceMs = -Infinity, untilMs = Infinity, host, condition, ignoreCase } = query;
  if (condition !== undefined && !mayMeet(frame, condition, ignoreCase)) return { firstMs, ...collector.result() };
  const test = condition && rowTest(condition, { frame, channel, ignoreCase });
  const rows = new FrameRows(frame, start);
  matcher.begin(frame);
  for (;;) {
    const hit = matcher.nextHit(rows.rowEnd);
    if (hit === -1) break;
    rows.jumpTowards(hit);
    if (!rows.next()) break;
    const { receivedMs } = rows.source;
    if (receivedMs < sinceMs || receivedMs >= untilMs || (host !== undefined && rows.source.host !== host)) continue;
    if (hit < rows.rowEnd && matcher.matches(rows) && test?.matches(rows) !== false) collector.add(rows);
  }
  const result = { firstMs, ...collector.result() };
  return order === 'newest' ? reversed(result) : result;
}

function firstTime(frame: Buffer, start: number): number {
  if (start >= frame.length) return 0;
  const time = Date.parse(frame.toString('latin1', start, frame.indexOf(0x2c, start)));
  if (Number.isNaN(time)) throw new RowError('the frame does not begin with a time');
  return time;
}

interface Collector {
  add(rows: FrameRows): void;
  result(): Omit<FrameResult, 'firstMs'>;
}

function collectorOf(request: ScanRequest): Collector {
  const { frame, channel, format } = request;
  if (format === 'count') return new Counter();
  if (format === 'time') return new ByteCollector(frame, copyNothing);
  if (format === 'json') return new PartCollector(jsonWriter(frame, channel));
  if (format === 'row') return new ByteCollector(frame, copyRow);
  return mayHoldEncodings(frame) ? new PartCollector(textWriter(frame)) : new ByteCollector(frame, unquote);
}

class Counter implements Collector {
  readonly #hosts = new Map<string, number>();
  #matched = 0;

  add(rows: FrameRows): void {
    this.#matched += 1;
    const { host } = rows.source;
    this.#hosts.set(host, (this.#hosts.get(host) ?? 0) + 1);
  }

  result(): Omit<FrameResult, 'firstMs'> {
    return {
      matched: this.#matched,
      hosts: this.#hosts,
      times: new Float64Array(),
      ends: new Uint32Array(),
      bytes: new Uint8Array(),
    };
  }
}

/** Writes a row's part to `out` at `at`; returns where it ends there. */
type Copy = (frame: Buffer, rows: FrameRows, out: Buffer, at: number) => number;

function copyNothing(_frame: Buffer, _rows: FrameRows, _out: Buffer, at: number): number {
  return at;
}

function copyRow(frame: Buffer, rows: FrameRows, out: Buffer, at: number): number {
  return at + frame.copy(out, at, rows.rowStart, rows.rowEnd);
}

class ByteCollector implements Collector {
  readonly #frame: Buffer;
  readonly #copy: Copy;
  readonly #times: number[] = [];
  readonly #ends: number[] = [];
  #out: Buffer<ArrayBuffer> | undefined;
  #length = 0;

  constructor(frame: Buffer, copy: Copy) {
    this.#frame = frame;
    this.#copy = copy;
  }

  add(rows: FrameRows): void {
    // All results together are no longer than the frame.
    this.#out ??= Buffer.allocUnsafeSlow(this.#frame.length);
    this.#length = this.#copy(this.#frame, rows, this.#out, this.#length);
    this.#times.push(rows.source.receivedMs);
    this.#ends.push(this.#length);
  }

  result(): Omit<FrameResult, 'firstMs'> {
    const bytes = this.#out === undefined ? new Uint8Array() : new Uint8Array(this.#out.subarray(0, this.#length));
    return { matched: this.#ends.length, times: Float64Array.from(this.#times), ends: Uint32Array.from(this.#ends), bytes };
  }
}

class PartCollector implements Collector {
  readonly #write: (rows: FrameRows) => Buffer;
  readonly #times: number[] = [];
  readonly #ends: number[] = [];
  readonly #parts: Buffer[] = [];
  #length = 0;

  constructor(write: (rows: FrameRows) => Buffer) {
    this.#write = write;
  }

  add(rows: FrameRows): void {
    const part = this.#write(rows);
    this.#parts.push(part);
    this.#length += part.length;
    this.#times.push(rows.source.receivedMs);
    this.#ends.push(this.#length);
  }

  result(): Omit<FrameResult, 'firstMs'> {
    const bytes = new Uint8Array(this.#length);
    let offset = 0;
    for (const part of this.#parts) {
      bytes.set(part, offset);
      offset += part.length;
    }
    return { matched: this.#ends.length, times: Float64Array.from(this.#times), ends: Uint32Array.from(this.#ends), bytes };
  }
}

/** The record's bytes, and as UTF-8 where they are of another encoding. */
function textWriter(frame: Buffer): (rows: FrameRows) => Buffer {
  const decoders = new RowDecoders({ fatal: false });
  return (rows) => {
    const raw = rawOf(frame, rows);
    const decoder = decoders.of(rows.place()[2] ?? '');
    return decoder === undefined ? raw : Buffer.from(decoder.decode(raw));
  };
}

/** One object a line. `raw` is the record as text; `raw_base64` instead of it where the bytes are no text of their encoding. */
function jsonWriter(frame: Buffer, channel: string): (rows: FrameRows) => Buffer {
  const [tenant, type] = channel.split('/');
  const decoders = new RowDecoders({ fatal: true });
  return (rows) => {
    const { received, host, agent, stream, source, labels } = rows.source;
    const [position, ordinal, flags = '', event] = rows.place();
    const words = flags === '' ? [] : flags.split(' ');
    const raw = rawOf(frame, rows);
    const text = textOf(raw, decoders.of(flags));
    const fields = words.includes('json') ? text : rows.fields();
    const line = {
      received,
      ...(event === '' ? {} : { event }),
      tenant,
      type,
      host,
      agent,
      stream,
      source,
      labels: labels === '' ? {} : (JSON.parse(labels) as unknown),
      position: Number(position),
      ordinal: Number(ordinal),
      flags: words,
      ...(fields !== undefined && { fields: JSON.parse(fields) as unknown }),
      ...(text === undefined ? { raw_base64: raw.toString('base64') } : { raw: text }),
    };
    return Buffer.from(`${JSON.stringify(line)}\n`);
  };
}

function textOf(raw: Buffer, decoder: TextDecoder | undefined): string | undefined {
  if (decoder === undefined) return isUtf8(raw) ? raw.toString('utf8') : undefined;
  try {
    return decoder.decode(raw);
  } catch {
    return undefined;
  }
}
