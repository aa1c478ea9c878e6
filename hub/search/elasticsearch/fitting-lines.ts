/**
 * Which lines a regular expression fits, where the server cannot tell: looked at by the threads of searches, as lines that wait for the archive are,
 * so that it means the same here and there, and holds up nothing.
 */
import type { SearchSession, SearchThreads } from '../../outputs/archive/search/search-threads.ts';
import { RowReader } from '../../outputs/archive/search/found-row.ts';
import type { Pattern } from '../../outputs/archive/search/query.ts';
import { encodeBlock, rawFrame } from '../../processing/block.ts';

/** Of the rows nothing is wanted but their numbers. */
const textLimits = { lineBytesMax: 0, fieldsBytesMax: 0 };
const nobody = '0'.repeat(32);
const stream = {
  key: { siteId: nobody, agentId: nobody, streamId: nobody },
  attributes: { tenant: '', type: '', host: '', encoding: 'utf-8', counted: true, labels: {} },
  path: '',
  from: 0,
};
const channel = '/';

export class FittingLines implements Disposable {
  readonly #session: SearchSession;
  readonly #reader = new RowReader(textLimits);

  constructor(threads: SearchThreads, pattern: Pattern) {
    this.#session = threads.open({ query: { pattern }, format: 'row', order: 'oldest', encryption: undefined });
  }

  /** Their indexes. */
  async among(lines: readonly string[]): Promise<ReadonlySet<number>> {
    const found = new Set<number>();
    if (lines.length === 0) return found;
    const { body, inflatedBytes } = blockOf(lines.map((line) => Buffer.from(line)));
    const from = [{ inflatedBytes, body: new Uint8Array(body) }];
    const task = { name: channel, channel, from, offset: 0, compressedBytes: 0, inflatedBytes: 0, isFirst: false };
    const { bytes, ends } = await this.#session.scan(
      task,
      from.map((entry) => entry.body.buffer),
    );
    const rows = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length);
    for (let index = 0; index < ends.length; index += 1)
      found.add(this.#reader.record(rows, index === 0 ? 0 : (ends[index - 1] ?? 0), channel).at.position);
    return found;
  }

  [Symbol.dispose](): void {
    this.#session[Symbol.dispose]();
  }
}

/** The number of a line is its position. */
function blockOf(lines: readonly Buffer[]): ReturnType<typeof encodeBlock> {
  return encodeBlock({
    receivedMs: 0,
    streams: [stream],
    columns: {
      stream: new Uint32Array(lines.length),
      skipped: new Float64Array(lines.length),
      ordinal: new Uint32Array(lines.length),
      flags: new Uint8Array(lines.length),
      length: Uint32Array.from(lines, (line) => line.length),
      event: undefined,
    },
    raw: rawFrame(lines),
  });
}
