/**
 * Walks the rows of an inflated frame, on bytes. A frame begins at a row. The fields before the position are the same from row to
 * row for long runs: they are parsed when they change, and compared otherwise.
 *
 * A walk may also begin behind the end of any row, and some ends can be told from the bytes around them alone: an odd number of
 * quotes, before them no comma, after them a newline. Inside a field quotes come in pairs; an opening quote has a comma before it,
 * and only the last column's closing quote has a newline after it. Ends that do not look so (the raw column ends with `,"`) are passed over.
 */
const comma = 0x2c;
const quote = 0x22;
const newline = 0x0a;

/** A row that is not what the archive writes. */
export class RowError extends Error {
  override readonly name = 'RowError';
  readonly code = 'ARCHIVE_ROW';
}

export interface RowSource {
  readonly receivedMs: number;
  readonly received: string;
  readonly host: string;
  readonly agent: string;
  readonly stream: string;
  readonly source: string;
  readonly labels: string;
}

const sourceFields = 6;
const rowEndBytes = Buffer.from('"\n');
/** About a row: less is not worth a jump. */
const walkBytes = 512;

export class FrameRows {
  readonly #frame: Buffer;
  #prefixStart = 0;
  #prefixLength = 0;
  /** What the current row's first fields say. */
  source: RowSource = { receivedMs: 0, received: '', host: '', agent: '', stream: '', source: '', labels: '' };
  /** Where the columns between source and fields begin: `position,ordinal,flags,event,`. */
  placeStart = 0;
  /** Where the fields that a pipeline found begin, with their quote; where the raw column does when there are none. */
  fieldsStart = 0;
  /** The raw column without its quotes, still with doubled ones. */
  rawStart = 0;
  rawEnd = 0;
  /** Whether the raw column has a quote in it. */
  hasQuotes = false;
  /** Where the current row begins. */
  rowStart: number;
  /** End of the current row, and beginning of the next. */
  rowEnd: number;

  constructor(frame: Buffer, start: number) {
    this.#frame = frame;
    this.rowStart = start;
    this.rowEnd = start;
  }

  /** Goes to the next row; false at the end of the frame. */
  next(): boolean {
    const frame = this.#frame;
    const start = this.rowEnd;
    if (start >= frame.length) return false;
    this.rowStart = start;
    if (!this.#isSamePrefix(start)) this.#parsePrefix(start);
    this.placeStart = start + this.#prefixLength;
    this.rawStart = this.#findRaw(this.placeStart);
    this.#findRawEnd();
    this.rowEnd = this.rawEnd + 2;
    if (frame[this.rawEnd + 1] !== newline)
      throw new RowError(`the row at byte ${start} of its frame does not end with its raw column`);
    return true;
  }

  /**
   * Goes on to a row end that is before `offset`, if a certain one is found on the way back from there: rows between are of no
   * interest. Rows near by are better walked.
   */
  jumpTowards(offset: number): void {
    const frame = this.#frame;
    let at = offset - this.rowEnd < walkBytes ? -1 : frame.lastIndexOf(rowEndBytes, offset - rowEndBytes.length);
    while (at >= this.rowEnd) {
      let start = at;
      while (frame[start - 1] === quote) start -= 1;
      if ((at - start) % 2 === 0 && frame[start - 1] !== comma) {
        this.rowEnd = at + rowEndBytes.length;
        return;
      }
      at = start <= this.rowEnd ? -1 : frame.lastIndexOf(rowEndBytes, start - 1);
    }
  }

  /** `position`, `ordinal`, `flags` and `event` of the current row. */
  place(): readonly string[] {
    return this.#frame.toString('latin1', this.placeStart, this.fieldsStart - 1).split(',');
  }

  /** What a pipeline found in the current row's record, as JSON; undefined where it has nothing of its own. */
  fields(): string | undefined {
    const end = this.rawStart - 2;
    return end === this.fieldsStart ? undefined : fieldText(this.#frame, this.fieldsStart, end);
  }

  #isSamePrefix(start: number): boolean {
    const length = this.#prefixLength;
    if (length === 0 || start + length > this.#frame.length) return false;
    const before = this.#prefixStart;
    return this.#frame.compare(this.#frame, before, before + length, start, start + length) === 0;
  }

  #parsePrefix(start: number): void {
    const fields: string[] = [];
    let offset = start;
    while (fields.length < sourceFields) {
      const end = endOfField(this.#frame, offset);
      fields.push(fieldText(this.#frame, offset, end));
      offset = end + 1;
    }
    const [received = '', host = '', agent = '', stream = '', source = '', labels = ''] = fields;
    const receivedMs = Date.parse(received);
    if (Number.isNaN(receivedMs)) throw new RowError(`the row at byte ${start} of its frame does not begin with a time`);
    this.source = { receivedMs, received, host, agent, stream, source, labels };
    this.#prefixStart = start;
    this.#prefixLength = offset - start;
  }

  /** First byte of the raw column, after its quote. */
  #findRaw(placeStart: number): number {
    const frame = this.#frame;
    let offset = placeStart;
    for (let commas = 0; commas < 4; offset += 1) {
      if (offset >= frame.length) throw new RowError('a row ends before its raw column');
      if (frame[offset] === comma) commas += 1;
    }
    this.fieldsStart = offset;
    offset = endOfField(frame, offset) + 1;
    if (frame[offset] !== quote) throw new RowError('a raw column is not quoted');
    return offset + 1;
  }

  #findRawEnd(): void {
    const frame = this.#frame;
    let offset = this.rawStart;
    let hasQuotes = false;
    for (;;) {
      while (offset < frame.length && frame[offset] !== quote) offset += 1;
      if (offset >= frame.length) throw new RowError('a row does not end in its frame');
      if (frame[offset + 1] !== quote) break;
      hasQuotes = true;
      offset += 2;
    }
    this.rawEnd = offset;
    this.hasQuotes = hasQuotes;
  }
}

/** Copies a raw column with its doubled quotes made single; returns the end in `out`. */
export function unquote(
  frame: Buffer,
  rows: { readonly rawStart: number; readonly rawEnd: number; readonly hasQuotes: boolean },
  out: Buffer,
  at: number,
): number {
  const { rawStart, rawEnd, hasQuotes } = rows;
  if (!hasQuotes) return at + frame.copy(out, at, rawStart, rawEnd);
  let offset = at;
  for (let index = rawStart; index < rawEnd; index += 1) {
    const byte = frame[index] ?? 0;
    out[offset++] = byte;
    if (byte === quote) index += 1;
  }
  return offset;
}

/** A raw column as bytes of its own, its doubled quotes made single. */
export function rawOf(
  frame: Buffer,
  rows: { readonly rawStart: number; readonly rawEnd: number; readonly hasQuotes: boolean },
): Buffer {
  const raw = Buffer.allocUnsafe(rows.rawEnd - rows.rawStart);
  return raw.subarray(0, unquote(frame, rows, raw, 0));
}

/** Index of the comma after the field that begins at `start`. */
function endOfField(frame: Buffer, start: number): number {
  let offset = start;
  if (frame[offset] === quote) {
    offset += 1;
    while (offset < frame.length && (frame[offset] !== quote || frame[offset + 1] === quote))
      offset += frame[offset] === quote ? 2 : 1;
    offset += 1;
  }
  const end = frame.indexOf(comma, offset);
  if (end === -1) throw new RowError('a row ends before its last column');
  return end;
}

function fieldText(frame: Buffer, start: number, end: number): string {
  const text = frame.toString('utf8', start, end);
  return text.startsWith('"') ? text.slice(1, -1).replaceAll('""', '"') : text;
}
