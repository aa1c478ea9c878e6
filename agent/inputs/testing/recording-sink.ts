import { randomBytes } from 'node:crypto';
import { markOf } from '@tributary/protocol/mark.ts';
import type { Cut, Drop, Id, Mark, SourceIdentity, StreamAttributes } from '@tributary/protocol/messages.ts';
import { assert } from '@tributary/shared/assert.ts';
import { Condition } from '../../framing/condition.ts';
import type { FileProgress, Overflow, Run, Sink, StreamState } from '../input.ts';

export interface RecordedStream {
  readonly streamId: Id;
  identity: SourceIdentity;
  readonly attributes: StreamAttributes;
  readonly start: number;
  position: number;
  /** What was pushed, from `start`. */
  bytes: Buffer;
  /** Each record as it was pushed. */
  texts: string[];
  records: number;
  /** As in the runs, but counted from the first byte that was pushed. */
  cuts: Cut[];
  drops: Drop[];
  mark: Mark;
  overflow: Overflow | undefined;
  ended: boolean;
}

/** A sink for tests: keeps what is pushed, checks every rule of the contract, and can lose what was not durable. */
export class RecordingSink implements Sink {
  readonly recorded = new Map<Id, RecordedStream>();
  /** Streams that the site does not have to their end yet, and how far it has them. */
  readonly acked = new Map<Id, number>();
  /** Streams of which not everything is durable, and how far it is. */
  readonly stored = new Map<Id, number>();
  readonly #listeners: ((streamId: Id, replacement: StreamState) => void)[] = [];
  readonly #room = new Condition();
  #hasRoom = true;
  pushes = 0;
  /** Off where what is pushed is not the source's own bytes: redacted, or decoded. */
  checkMarks = true;

  streams(): readonly StreamState[] {
    return [...this.recorded.values()].filter((stream) => !stream.ended).map((stream) => stateOf(stream));
  }

  async openStream(stream: { identity: SourceIdentity; attributes: StreamAttributes; start: number }): Promise<StreamState> {
    await Promise.resolve();
    const recorded: RecordedStream = {
      ...stream,
      streamId: randomBytes(16).toString('hex'),
      position: stream.start,
      bytes: Buffer.alloc(0),
      texts: [],
      records: 0,
      cuts: [],
      drops: [],
      mark: '',
      overflow: undefined,
      ended: false,
    };
    this.recorded.set(recorded.streamId, recorded);
    return stateOf(recorded);
  }

  updateIdentity(streamId: Id, identity: SourceIdentity): void {
    this.#open(streamId).identity = identity;
  }

  async storeIdentity(streamId: Id, identity: SourceIdentity): Promise<void> {
    await Promise.resolve();
    this.updateIdentity(streamId, identity);
  }

  ackedTo(streamId: Id): number {
    const stream = this.recorded.get(streamId);
    assert(stream !== undefined, 'only known streams are asked for');
    return this.acked.get(streamId) ?? stream.position;
  }

  storedTo(streamId: Id): number {
    const stream = this.recorded.get(streamId);
    assert(stream !== undefined, 'only known streams are asked for');
    return this.stored.get(streamId) ?? stream.position;
  }

  progressOf(file: { readonly device: string; readonly inode: string }): readonly FileProgress[] {
    return this.#progress(({ identity: { device, inode } }) => device === file.device && inode === file.inode);
  }

  progressByFingerprint(fingerprint: string, fingerprintLength: number): readonly FileProgress[] {
    return this.#progress(
      ({ identity }) => identity.fingerprint === fingerprint && identity.fingerprintLength === fingerprintLength,
    );
  }

  endStream(streamId: Id): void {
    this.#open(streamId).ended = true;
  }

  push(run: Run): boolean {
    const stream = this.#open(run.streamId);
    assert(run.from === stream.position, 'runs come in order and without holes');
    if (stream.position > stream.start) assert(run.fromMark === stream.mark, 'marks of adjacent runs agree');
    if (stream.attributes.counted) checkCounted(run);
    else checkBytes(run);
    stream.texts.push(...textsOf(run));
    for (const { offset, cause } of run.cuts) stream.cuts.push({ offset: stream.bytes.length + offset, cause });
    for (const drop of run.drops) stream.drops.push({ ...drop, offset: stream.bytes.length + drop.offset });
    stream.bytes = Buffer.concat([stream.bytes, run.bytes]);
    this.#checkMark(stream, run);
    stream.position = run.to;
    stream.mark = run.toMark;
    stream.records += run.records;
    stream.overflow = run.overflow;
    if (run.token !== undefined) stream.identity = { ...stream.identity, token: run.token };
    this.pushes += 1;
    return this.#hasRoom;
  }

  async ready(signal: AbortSignal): Promise<void> {
    while (!this.#hasRoom) await this.#room.wait(signal);
  }

  onReplaced(listener: (streamId: Id, replacement: StreamState) => void): void {
    this.#listeners.push(listener);
  }

  setRoom(hasRoom: boolean): void {
    this.#hasRoom = hasRoom;
    this.#room.notify();
  }

  /** What the buffer does when the site has other content: ends the stream, and a new one goes on at the same position. */
  async replace(streamId: Id): Promise<StreamState> {
    const old = this.#open(streamId);
    old.ended = true;
    const { identity, attributes, position } = old;
    const replacement = await this.openStream({ identity, attributes, start: position });
    const state = { ...replacement, mark: old.mark };
    for (const listener of this.#listeners) listener(streamId, state);
    return state;
  }

  /** A copy of what is durable, for `restore`: a process that dies afterwards goes on from there. */
  snapshot(): readonly RecordedStream[] {
    return [...this.recorded.values()].map(copyOf);
  }

  restore(streams: readonly RecordedStream[]): void {
    this.recorded.clear();
    for (const stream of streams) this.recorded.set(stream.streamId, copyOf(stream));
  }

  /** The streams of a path in the order in which they were opened. */
  of(path: string): readonly RecordedStream[] {
    return [...this.recorded.values()].filter((stream) => stream.identity.path === path);
  }

  /** Everything that was pushed of a path, stream after stream. */
  text(path: string): string {
    return this.of(path)
      .map((stream) => stream.bytes.toString('latin1'))
      .join('');
  }

  /** The records that were pushed of a path, stream after stream, each with its terminator. */
  texts(path: string): readonly string[] {
    return this.of(path).flatMap((stream) => stream.texts);
  }

  #open(streamId: Id): RecordedStream {
    const stream = this.recorded.get(streamId);
    assert(stream !== undefined && !stream.ended, 'only open streams are changed');
    return stream;
  }

  #progress(matches: (stream: RecordedStream) => boolean): readonly FileProgress[] {
    const found = [...this.recorded.values()].filter(matches).toReversed();
    return found.map((stream) => ({ stream: stateOf(stream), ackedTo: this.ackedTo(stream.streamId) }));
  }

  #checkMark(stream: RecordedStream, run: Run): void {
    if (!this.checkMarks) return;
    const isWhole = stream.start === 0 && stream.drops.length === 0;
    const marked = stream.attributes.counted ? run.bytes.subarray(run.bytes.length - (run.lengths.at(-1) ?? 0)) : stream.bytes;
    if (stream.attributes.counted || isWhole)
      assert(run.toMark === markOf(marked), 'the mark is that of the bytes before the end');
  }
}

function checkCounted({ from, to, bytes, records, lengths, cuts, drops }: Run): void {
  assert(records > 0 && to - from === records, 'each record is one position');
  assert(lengths.length === records && drops.length === 0, 'counted records have lengths, and nothing is left out');
  const ends = endsOf(lengths);
  assert(
    cuts.every(({ offset }) => ends.has(offset)),
    'a cut is at the end of a record',
  );
  assert(sum(lengths) === bytes.length, 'the lengths are those of the bytes');
}

function endsOf(lengths: readonly number[]): ReadonlySet<number> {
  let end = 0;
  return new Set(lengths.map((length) => (end += length)));
}

function checkBytes(run: Run): void {
  const { from, to, bytes, records, lengths, cuts, drops } = run;
  assert(to > from && to - from === bytes.length + sum(drops.map(({ span }) => span)), 'what is not there was dropped');
  assert(records > 0 === bytes.length > 0, 'a record has bytes');
  if (lengths.length > 0)
    assert(lengths.length === records && sum(lengths) === bytes.length, 'the lengths are those of the bytes');
  const ends = new Set(recordEnds(run));
  assert(ends.size === records, 'a record ends by its length, a newline or a cut');
  for (const { offset } of cuts) assert(ends.has(offset), 'a cut is at the end of a record');
  let last = -1;
  for (const { offset } of drops) {
    assert(offset > last && (offset === 0 || ends.has(offset)), 'drops ascend, each behind a record');
    last = offset;
  }
}

function recordEnds({ bytes, lengths, cuts }: Run): readonly number[] {
  if (lengths.length > 0) {
    let end = 0;
    return lengths.map((length) => (end += length));
  }
  const ends = new Set(cuts.map(({ offset }) => offset));
  for (let at = bytes.indexOf(10); at !== -1; at = bytes.indexOf(10, at + 1)) ends.add(at + 1);
  const inOrder = [...ends].toSorted((left, right) => left - right);
  assert((inOrder.at(-1) ?? 0) === bytes.length, 'a run ends with a record');
  return inOrder;
}

function textsOf(run: Run): readonly string[] {
  let from = 0;
  return recordEnds(run).map((to) => {
    const text = Buffer.from(run.bytes.subarray(from, to)).toString('latin1');
    from = to;
    return text;
  });
}

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0);
}

function copyOf(stream: RecordedStream): RecordedStream {
  return { ...stream, texts: [...stream.texts], cuts: [...stream.cuts], drops: [...stream.drops] };
}

function stateOf({ streamId, identity, attributes, start, position, mark, ended }: RecordedStream): StreamState {
  return { streamId, identity, attributes, start, position, mark, ended };
}
