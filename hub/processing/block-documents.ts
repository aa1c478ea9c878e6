/** A block's documents one by one, for readers that want each as a whole. */
import { type Block, type BlockRoute, type BlockStream, recordFlags } from './block.ts';

export interface BlockDocument {
  readonly stream: BlockStream;
  readonly receivedMs: number;
  readonly position: number;
  readonly ordinal: number;
  readonly isPartial: boolean;
  readonly eventMs: number | undefined;
  /** Empty of all but the first document of a record. */
  readonly raw: Uint8Array;
  /** JSON of the fields that a pipeline found, as UTF-8; undefined where it found none. */
  readonly fields: Uint8Array | undefined;
  readonly route: BlockRoute;
}

const everybody: BlockRoute = {};

export function* documentsOf(block: Block): Generator<BlockDocument> {
  const { streams, columns, routes, receivedMs } = block;
  const ends = streams.map(({ from }) => from);
  let rawEnd = 0;
  let fieldsEnd = 0;
  for (let index = 0; index < block.records; index += 1) {
    const streamIndex = columns.stream[index] ?? 0;
    const stream = streams[streamIndex];
    if (stream === undefined) return;
    const length = columns.length[index] ?? 0;
    const fieldBytes = columns.fields?.[index] ?? 0;
    const flags = columns.flags[index] ?? 0;
    const event = columns.event?.[index];
    const position = (ends[streamIndex] ?? 0) + (columns.skipped[index] ?? 0);
    ends[streamIndex] = position + (stream.attributes.counted ? 1 : length);
    const raw = block.raw.subarray(rawEnd, (rawEnd += length));
    const own = block.fields.subarray(fieldsEnd, (fieldsEnd += fieldBytes));
    const isRawJson = (flags & recordFlags.rawJson) !== 0;
    yield {
      stream,
      receivedMs: stream.receivedMs ?? receivedMs,
      position,
      ordinal: columns.ordinal[index] ?? 0,
      isPartial: (flags & recordFlags.partial) !== 0,
      eventMs: event === undefined || Number.isNaN(event) ? undefined : event,
      raw,
      fields: isRawJson ? raw : fieldBytes === 0 ? undefined : own,
      route: routes[columns.route?.[index] ?? 0] ?? everybody,
    };
  }
}
