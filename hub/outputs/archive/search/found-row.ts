/** Rows of the archive, as a search for `row` gives them, one by one and for people. */
import type { FoundRecord } from '../../../dashboard/api/search-shapes.ts';
import { RowDecoders } from '../encoding-flag.ts';
import { FrameRows, rawOf } from './frame-rows.ts';
import { areFieldsRaw } from './row-fields.ts';

export interface RowTextLimits {
  readonly lineBytesMax: number;
  readonly fieldsBytesMax: number;
}

export class RowReader {
  readonly #limits: RowTextLimits;
  readonly #decoders = new RowDecoders({ fatal: false });

  constructor(limits: RowTextLimits) {
    this.#limits = limits;
  }

  /** The row that begins at `start`. Throws a RowError where there is none. */
  record(bytes: Buffer, start: number, channel: string): FoundRecord {
    const rows = new FrameRows(bytes, start);
    rows.next();
    const { receivedMs, host, agent, stream, source, labels } = rows.source;
    const [position, ordinal, flags = '', event = ''] = rows.place();
    const [tenant = '', type = ''] = channel.split('/');
    const { lineBytesMax } = this.#limits;
    const raw = rawOf(bytes, rows);
    const cut = raw.length > lineBytesMax;
    const decoder = this.#decoders.of(flags);
    const shown = raw.subarray(0, lineBytesMax);
    const line = (decoder === undefined ? shown.toString('utf8') : decoder.decode(shown)).replace(/\r?\n$/, '');
    const fields = this.#fields(rows, { type, raw, decoder });
    return {
      at: { agent, stream, position: Number(position), ordinal: Number(ordinal) },
      tenant,
      type,
      receivedMs,
      ...(event !== '' && { eventMs: Date.parse(event) }),
      host,
      source,
      labels: labelsOf(labels),
      ...(fields !== undefined && { fields }),
      line,
      cut,
    };
  }

  #fields(
    rows: FrameRows,
    { type, raw, decoder }: { readonly type: string; readonly raw: Buffer; readonly decoder: TextDecoder | undefined },
  ): Record<string, unknown> | undefined {
    if (rows.rawStart - rows.fieldsStart > this.#limits.fieldsBytesMax) return undefined;
    if (!areFieldsRaw(rows, type)) return objectOf(rows.fields());
    if (raw.length > this.#limits.fieldsBytesMax) return undefined;
    return objectOf(decoder === undefined ? raw.toString('utf8') : decoder.decode(raw));
  }
}

function labelsOf(text: string): Record<string, string> {
  const labels = objectOf(text === '' ? undefined : text) ?? {};
  return Object.fromEntries(Object.entries(labels).map(([name, value]) => [name, String(value)]));
}

function objectOf(text: string | undefined): Record<string, unknown> | undefined {
  if (text === undefined) return undefined;
  try {
    const value: unknown = JSON.parse(text);
    return isObject(value) ? value : undefined;
  } catch {
    return undefined;
  }
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
