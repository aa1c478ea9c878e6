/**
 * Random opens, batches, gaps and restarts against a model of a few lines: a stream is the number of positions held, the list of ranges
 * that came, and the set of positions that are lost. Replay a failure with the seed and path that fast-check prints.
 */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import type { Segment } from '@tributary/protocol/messages.ts';
import { keptRanges } from '@tributary/protocol/trims.ts';
import { testBatch, testChannel, testKey, testMark, testStream } from '../fixture.ts';
import { frontTopic } from '../queue.ts';
import type { OpenQueueFixture, QueueFixture } from './contract-test.ts';

interface ModelStream {
  held: number;
  /** What readers of the topic must see, in order. */
  readonly seen: [from: number, to: number][];
  readonly lost: Set<number>;
  late: number;
  /** Positions that the edge left out. */
  filtered: number;
}

type Range = {
  readonly stream: number;
  readonly offset: number;
  readonly length: number;
  readonly dropped: number;
  readonly sameMark: boolean;
};
type Action =
  | { readonly kind: 'append'; readonly ranges: readonly Range[] }
  | { readonly kind: 'gap'; readonly range: Range }
  | { readonly kind: 'reopen' };

const streamCount = 3;
// Mostly what follows, often what overlaps or leaves a hole.
const offset = fc.oneof({ weight: 6, arbitrary: fc.constant(0) }, { weight: 3, arbitrary: fc.integer({ min: -40, max: 4 }) });
const range: fc.Arbitrary<Range> = fc.record({
  stream: fc.integer({ min: 1, max: streamCount }),
  offset,
  length: fc.oneof({ weight: 4, arbitrary: fc.integer({ min: 1, max: 12 }) }, fc.integer({ min: 1, max: 40 })),
  dropped: fc.oneof(fc.constant(0), fc.integer({ min: 1, max: 12 })),
  sameMark: fc.oneof({ weight: 12, arbitrary: fc.constant(true) }, fc.constant(false)),
});
const action: fc.Arbitrary<Action> = fc.oneof(
  { weight: 12, arbitrary: fc.record({ kind: fc.constant('append'), ranges: fc.array(range, { minLength: 1, maxLength: 4 }) }) },
  { weight: 4, arbitrary: fc.record({ kind: fc.constant('gap'), range }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('reopen') }) },
);

export function queueModel(implementation: string, open: OpenQueueFixture): void {
  test(`${implementation}: the queue holds what the model holds`, { timeout: 60_000 }, async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(action, { minLength: 1, maxLength: 30 }), async (actions) => {
        await using fixture = await open();
        const model = new Map<number, ModelStream>();
        for (let stream = 1; stream <= streamCount; stream += 1) {
          model.set(stream, { held: 0, seen: [], lost: new Set(), late: 0, filtered: 0 });
          await fixture.queue.openStream(testStream(stream));
        }
        for (const next of actions) await act(fixture, model, next);
        await compare(fixture, model);
      }),
      { numRuns: 25 },
    );
  });
}

async function act(fixture: QueueFixture, model: Map<number, ModelStream>, next: Action): Promise<void> {
  if (next.kind === 'reopen') {
    await fixture.reopen();
    return;
  }
  if (next.kind === 'gap') {
    const stream = modelOf(model, next.range.stream);
    const { from, to } = placed(next.range, stream.held);
    if (from <= stream.held && to > stream.held) {
      for (let position = stream.held; position < to; position += 1) stream.lost.add(position);
      stream.held = to;
    }
    const position = await fixture.queue.recordGap(testKey(next.range.stream), {
      from,
      to,
      toMark: testMark(to),
      cause: 'dropped',
    });
    assert.equal(position.held, stream.held);
    return;
  }
  // Segments of one stream follow each other within a batch, as a batcher makes them.
  const ends = new Map<number, number>();
  const ranges = next.ranges.map((wanted) => {
    const start = ends.get(wanted.stream) ?? modelOf(model, wanted.stream).held;
    const segment = placed(wanted, start);
    ends.set(wanted.stream, segment.to);
    return {
      stream: wanted.stream,
      ...segment,
      ...lessDropped(segment, wanted.dropped),
      ...(wanted.sameMark ? {} : { fromMark: 'f'.repeat(16) }),
    };
  });
  const result = await fixture.queue.append(testBatch(ranges));
  assert.equal(result.kind, expected(model, ranges));
}

/** What the contract says of a batch; takes it into the model when all of it may come. */
function expected(
  model: Map<number, ModelStream>,
  ranges: readonly (Partial<Segment> & { stream: number; from: number; to: number })[],
): string {
  const after = new Map([...model].map(([number, stream]) => [number, { held: stream.held, lost: new Set(stream.lost) }]));
  const seen: [stream: number, from: number, to: number][] = [];
  const filtered = new Map<number, number>();
  for (const { stream, from, to, fromMark, drops = [] } of ranges) {
    const at = after.get(stream);
    assert.ok(at !== undefined);
    const otherBytes = from === at.held && fromMark !== undefined && testMark(at.held) !== '';
    if (to > at.held && (from > at.held || otherBytes)) return 'refused';
    const [begin, end] = wantedOf({ from, to }, at);
    if (begin === end) continue;
    seen.push([stream, begin, end]);
    for (let position = begin; position < end; position += 1) at.lost.delete(position);
    // The last positions of the range are what was left out.
    const dropFrom = to - (drops[0]?.span ?? 0);
    filtered.set(stream, (filtered.get(stream) ?? 0) + Math.max(0, end - Math.max(begin, dropFrom)));
    at.held = Math.max(at.held, end);
  }
  for (const [stream, from, to] of seen) modelOf(model, stream).seen.push([from, to]);
  for (const [number, { held, lost }] of after) {
    const stream = modelOf(model, number);
    stream.late += stream.lost.size - lost.size;
    stream.held = held;
    stream.lost.clear();
    for (const position of lost) stream.lost.add(position);
  }
  for (const [stream, positions] of filtered) modelOf(model, stream).filtered += positions;
  return seen.length > 0 ? 'stored' : 'duplicate';
}

/** The one range of a segment that is kept: what is new and the lost part right before it, or the longest lost part. */
function wantedOf(
  { from, to }: { from: number; to: number },
  { held, lost }: { held: number; lost: ReadonlySet<number> },
): [from: number, to: number] {
  if (to > held) {
    let begin = held;
    while (begin > from && lost.has(begin - 1)) begin -= 1;
    return [begin, to];
  }
  let longest: [number, number] = [to, to];
  for (let begin = from; begin < to; begin += 1) {
    let end = begin;
    while (end < to && lost.has(end)) end += 1;
    if (end - begin > longest[1] - longest[0]) longest = [begin, end];
  }
  return longest;
}

/** A segment whose last positions are left out. */
function lessDropped({ from, to }: { from: number; to: number }, dropped: number): Partial<Segment> {
  const span = Math.min(dropped, to - from);
  if (span === 0) return {};
  const bytes = to - from - span;
  return { bytes, records: bytes, drops: [{ offset: bytes, span, records: 1 }] };
}

async function compare(fixture: QueueFixture, model: Map<number, ModelStream>): Promise<void> {
  const entries = await fixture.queue.read(
    { topic: frontTopic(testChannel), partition: 0, afterSequence: 0 },
    { entries: 1e6, bytes: 1e9 },
  );
  const gaps = await fixture.queue.gaps();
  for (const [number, stream] of model) {
    const { streamId } = testKey(number);
    const seen = entries.flatMap((entry) =>
      entry.segments.flatMap((segment, index) => {
        const { from, to } = keptRanges(entry.segments, entry.trims)[index] ?? segment;
        return segment.stream.key.streamId === streamId && from < to ? [[from, to] as const] : [];
      }),
    );
    assert.deepEqual(seen, stream.seen);
    const lost = gaps.filter((gap) => gap.key.streamId === streamId).flatMap(({ from, to }) => positionsOf(from, to));
    assert.deepEqual(lost.toSorted(ascending), [...stream.lost].toSorted(ascending));
    // Each position that is held came once or is lost.
    const came = stream.seen.flatMap(([from, to]) => positionsOf(from, to));
    assert.equal(new Set([...came, ...lost]).size, came.length + lost.length);
    assert.equal(came.length + lost.length, stream.held);
    assert.equal((await fixture.queue.openStream(testStream(number))).held, stream.held);
  }
  const [channel] = (await fixture.queue.status()).channels;
  const sum = (figure: (stream: ModelStream) => number): number =>
    [...model.values()].reduce((total, stream) => total + figure(stream), 0);
  assert.equal(
    channel?.filtered,
    sum(({ filtered }) => filtered),
  );
  assert.deepEqual(
    [channel?.positions, channel?.lost, channel?.late],
    [sum(({ held }) => held), sum(({ lost }) => lost.size), sum(({ late }) => late)],
  );
}

function positionsOf(from: number, to: number): number[] {
  return Array.from({ length: to - from }, (_, index) => from + index);
}

function ascending(left: number, right: number): number {
  return left - right;
}

function placed(wanted: Range, start: number): { from: number; to: number } {
  const from = Math.max(0, start + wanted.offset);
  return { from, to: from + wanted.length };
}

function modelOf(model: Map<number, ModelStream>, stream: number): ModelStream {
  const found = model.get(stream);
  assert.ok(found !== undefined);
  return found;
}
