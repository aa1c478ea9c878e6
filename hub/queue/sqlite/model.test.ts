/**
 * Random opens, batches, gaps and restarts against a model of a few lines: a stream is the number of positions held and the list
 * of ranges that came or were declared lost. Replay a failure with the seed and path that fast-check prints.
 */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import type { Segment } from '@tributary/protocol/messages.ts';
import { testBatch, testChannel, testKey, testMark, testStream } from '../fixture.ts';
import { frontTopic } from '../queue.ts';
import { openSqliteFixture, type SqliteQueueFixture } from './sqlite-fixture.ts';

interface ModelStream {
  held: number;
  /** What readers of the topic must see, in order. */
  readonly seen: [from: number, to: number][];
  readonly lost: [from: number, to: number][];
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
const offset = fc.oneof({ weight: 6, arbitrary: fc.constant(0) }, { weight: 3, arbitrary: fc.integer({ min: -12, max: 4 }) });
const range: fc.Arbitrary<Range> = fc.record({
  stream: fc.integer({ min: 1, max: streamCount }),
  offset,
  length: fc.integer({ min: 1, max: 12 }),
  dropped: fc.oneof(fc.constant(0), fc.integer({ min: 1, max: 12 })),
  sameMark: fc.oneof({ weight: 12, arbitrary: fc.constant(true) }, fc.constant(false)),
});
const action: fc.Arbitrary<Action> = fc.oneof(
  { weight: 12, arbitrary: fc.record({ kind: fc.constant('append'), ranges: fc.array(range, { minLength: 1, maxLength: 4 }) }) },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant('gap'), range }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('reopen') }) },
);

test('the queue holds what the model holds', { timeout: 60_000 }, async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(action, { minLength: 1, maxLength: 30 }), async (actions) => {
      await using fixture = await openSqliteFixture();
      const model = new Map<number, ModelStream>();
      for (let stream = 1; stream <= streamCount; stream += 1) {
        model.set(stream, { held: 0, seen: [], lost: [], filtered: 0 });
        await fixture.queue.openStream(testStream(stream));
      }
      for (const next of actions) await act(fixture, model, next);
      await compare(fixture, model);
    }),
    { numRuns: 25 },
  );
});

async function act(fixture: SqliteQueueFixture, model: Map<number, ModelStream>, next: Action): Promise<void> {
  if (next.kind === 'reopen') {
    await fixture.reopen();
    return;
  }
  if (next.kind === 'gap') {
    const stream = modelOf(model, next.range.stream);
    const { from, to } = placed(next.range, stream.held);
    if (from <= stream.held && to > stream.held) {
      stream.lost.push([stream.held, to]);
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
  const held = new Map([...model].map(([stream, { held: position }]) => [stream, position]));
  const seen: [stream: number, from: number, to: number][] = [];
  const filtered = new Map<number, number>();
  for (const { stream, from, to, fromMark, drops = [] } of ranges) {
    const at = held.get(stream) ?? 0;
    if (to <= at) continue;
    const unknownAtStart = at === 0 && testMark(at) === '';
    const otherBytes = from === at && fromMark !== undefined && !unknownAtStart;
    if (from > at || otherBytes) return 'refused';
    seen.push([stream, at, to]);
    // The last positions of the range are what was left out.
    const [drop] = drops;
    if (drop !== undefined) filtered.set(stream, (filtered.get(stream) ?? 0) + Math.min(drop.span, to - at));
    held.set(stream, to);
  }
  for (const [stream, from, to] of seen) modelOf(model, stream).seen.push([from, to]);
  for (const [stream, position] of held) modelOf(model, stream).held = position;
  for (const [stream, positions] of filtered) modelOf(model, stream).filtered += positions;
  return seen.length > 0 ? 'stored' : 'duplicate';
}

/** A segment whose last positions are left out. */
function lessDropped({ from, to }: { from: number; to: number }, dropped: number): Partial<Segment> {
  const span = Math.min(dropped, to - from);
  if (span === 0) return {};
  const bytes = to - from - span;
  return { bytes, records: bytes, drops: [{ offset: bytes, span, records: 1 }] };
}

async function compare(fixture: SqliteQueueFixture, model: Map<number, ModelStream>): Promise<void> {
  const entries = await fixture.queue.read(
    { topic: frontTopic(testChannel), partition: 0, afterSequence: 0 },
    { entries: 1e6, bytes: 1e9 },
  );
  const gaps = await fixture.queue.gaps();
  for (const [number, stream] of model) {
    const { streamId } = testKey(number);
    const seen = entries.flatMap((entry) =>
      entry.segments.flatMap((segment, index) => {
        const from = entry.trims.find((trim) => trim.segment === index)?.from ?? segment.from;
        return segment.stream.key.streamId === streamId && from < segment.to ? [[from, segment.to]] : [];
      }),
    );
    assert.deepEqual(seen, stream.seen);
    const lost = gaps.filter((gap) => gap.key.streamId === streamId).map((gap) => [gap.from, gap.to]);
    assert.deepEqual(lost, stream.lost);
    assert.equal((await fixture.queue.openStream(testStream(number))).held, stream.held);
  }
  const [channel] = (await fixture.queue.status()).channels;
  const sum = (figure: (stream: ModelStream) => number): number =>
    [...model.values()].reduce((total, stream) => total + figure(stream), 0);
  assert.equal(
    channel?.filtered,
    sum(({ filtered }) => filtered),
  );
  assert.equal(
    channel?.positions,
    sum(({ held }) => held),
  );
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
