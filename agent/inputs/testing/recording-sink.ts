import { randomBytes } from 'node:crypto';
import { markOf } from '@tributary/protocol/mark.ts';
import type { Cut, Id, Mark, SourceIdentity, StreamAttributes } from '@tributary/protocol/messages.ts';
import { assert } from '@tributary/shared/assert.ts';
import { Condition } from '../../framing/condition.ts';
import type { Run, Sink, StreamState } from '../input.ts';

export interface RecordedStream {
  readonly streamId: Id;
  identity: SourceIdentity;
  readonly attributes: StreamAttributes;
  readonly start: number;
  /** What was pushed, from `start`. */
  bytes: Buffer;
  records: number;
  /** As in the runs, but counted from `start`. */
  cuts: Cut[];
  mark: Mark;
  ended: boolean;
}

/** A sink for tests: keeps what is pushed, checks every rule of the contract, and can lose what was not durable. */
export class RecordingSink implements Sink {
  readonly recorded = new Map<Id, RecordedStream>();
  readonly #listeners: ((streamId: Id, replacement: StreamState) => void)[] = [];
  readonly #room = new Condition();
  #hasRoom = true;
  pushes = 0;

  streams(): readonly StreamState[] {
    return [...this.recorded.values()].filter((stream) => !stream.ended).map((stream) => stateOf(stream));
  }

  async openStream(stream: { identity: SourceIdentity; attributes: StreamAttributes; start: number }): Promise<StreamState> {
    await Promise.resolve();
    const recorded: RecordedStream = {
      ...stream,
      streamId: randomBytes(16).toString('hex'),
      bytes: Buffer.alloc(0),
      records: 0,
      cuts: [],
      mark: '',
      ended: false,
    };
    this.recorded.set(recorded.streamId, recorded);
    return stateOf(recorded);
  }

  updateIdentity(streamId: Id, identity: SourceIdentity): void {
    this.#open(streamId).identity = identity;
  }

  endStream(streamId: Id): void {
    this.#open(streamId).ended = true;
  }

  push(run: Run): boolean {
    const stream = this.#open(run.streamId);
    assert(run.bytes.length > 0 && run.records > 0, 'a run has records');
    assert(run.from === stream.start + stream.bytes.length, 'runs come in order and without holes');
    if (stream.bytes.length > 0) assert(run.fromMark === stream.mark, 'marks of adjacent runs agree');
    const newlines = run.bytes.reduce((count, byte) => count + (byte === 10 ? 1 : 0), 0);
    assert(run.records === newlines + run.cuts.length, 'a record ends by a newline or a cut');
    for (const { offset, cause } of run.cuts) stream.cuts.push({ offset: stream.bytes.length + offset, cause });
    stream.bytes = Buffer.concat([stream.bytes, run.bytes]);
    if (stream.start === 0) assert(run.toMark === markOf(stream.bytes), 'the mark is that of the bytes before the end');
    stream.mark = run.toMark;
    stream.records += run.records;
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
    const position = old.start + old.bytes.length;
    old.ended = true;
    const replacement = await this.openStream({ identity: old.identity, attributes: old.attributes, start: position });
    const state = { ...replacement, mark: old.mark };
    for (const listener of this.#listeners) listener(streamId, state);
    return state;
  }

  /** A copy of what is durable, for `restore`: a process that dies afterwards goes on from there. */
  snapshot(): readonly RecordedStream[] {
    return [...this.recorded.values()].map((stream) => ({ ...stream, cuts: [...stream.cuts] }));
  }

  restore(streams: readonly RecordedStream[]): void {
    this.recorded.clear();
    for (const stream of streams) this.recorded.set(stream.streamId, { ...stream, cuts: [...stream.cuts] });
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

  #open(streamId: Id): RecordedStream {
    const stream = this.recorded.get(streamId);
    assert(stream !== undefined && !stream.ended, 'only open streams are changed');
    return stream;
  }
}

function stateOf({ streamId, identity, attributes, start, bytes, mark, ended }: RecordedStream): StreamState {
  return { streamId, identity, attributes, start, position: start + bytes.length, mark, ended };
}
