/** Compares what the site has at the end with what the sources held. */
import { assert } from '@tributary/shared/assert.ts';
import type { AgentState } from './model-outbox.ts';
import type { ModelSite, SiteStream } from './model-site.ts';
import type { ModelSource } from './model-source.ts';

export interface Tally {
  readonly positions: number;
  readonly lost: number;
  readonly gaps: number;
  readonly streams: number;
  /** Positions that were declared lost and came. */
  readonly late: number;
}

/**
 * Throws when something was lost without a recorded gap, doubled, out of order or altered. `endOf` tells how much of a source was sent:
 * all of it unless given.
 */
export function checkBooks(
  sources: readonly ModelSource[],
  { agent, site }: { readonly agent: Pick<AgentState, 'streams'>; readonly site: ModelSite },
  endOf: (source: ModelSource) => number = ({ length }) => length,
): Tally {
  const tally = { positions: 0, lost: 0, gaps: 0, streams: site.streams.size, late: 0 };
  for (const stream of site.streams.values()) {
    checkStream(stream);
    tally.gaps += stream.gaps.length;
    for (const { from, to, late } of stream.pieces) if (late) tally.late += to - from;
  }
  for (const source of sources) {
    const streams = [...site.streams.values()].filter(({ attributes }) => attributes.labels['source'] === `s${source.index}`);
    tally.positions += source.length;
    tally.lost += checkSource(source, streams, endOf(source));
  }
  for (const { streamId, end, replaced } of agent.streams.values()) {
    const stream = site.streams.get(streamId);
    if (replaced || stream === undefined) continue;
    assert(stream.held >= end, 'the site has each stream to its end');
    assert(stream.closedAt === undefined || stream.closedAt <= stream.held, 'a stream is closed when its end is held');
  }
  return tally;
}

/** A stream is its pieces and gaps, one behind the other: received = held + lost. */
function checkStream(stream: SiteStream): void {
  const parts = [
    ...stream.pieces.map(({ from, to }) => ({ from, to })),
    ...stream.gaps.map(({ from, to }) => ({ from, to })),
  ].toSorted((left, right) => left.from - right.from);
  let at = stream.start;
  for (const { from, to } of parts) {
    assert(from === at, `stream ${stream.streamId}: a part at ${from} where ${at} ends: lost or doubled in the stream`);
    at = to;
  }
  assert(at === stream.held, 'the books of a stream balance');
  let last = stream.start;
  for (const { from, to, late } of stream.pieces) {
    if (late) continue;
    assert(from >= last, 'pieces arrived in order');
    last = to;
  }
}

/** Each position of a source is in exactly one stream, with its own byte, or in a gap. Returns how many are in gaps only. */
function checkSource(source: ModelSource, streams: readonly SiteStream[], end: number): number {
  const seen = new Uint8Array(source.length);
  const inGap = new Uint8Array(source.length);
  for (const { pieces, gaps } of streams) {
    for (const { from, to, bytes } of pieces) {
      for (let at = from; at < to; at += 1) {
        const expected = source.isLeftOut(at) ? undefined : source.byteAt(at);
        assert(bytes?.[at - from] === expected, `source ${source.index}: another byte at ${at}, or one left out that was not`);
        assert(seen[at] === 0, `source ${source.index}: position ${at} arrived twice`);
        seen[at] = 1;
      }
    }
    for (const { from, to } of gaps) inGap.fill(1, from, to);
  }
  let lost = 0;
  for (let at = 0; at < end; at += 1) {
    if (seen[at] === 1) continue;
    assert(inGap[at] === 1, `source ${source.index}: position ${at} is lost without a gap`);
    lost += 1;
  }
  return lost;
}
