import { Condition } from '../../framing/condition.ts';
import type { Tail } from '../../framing/framer.ts';
import type { FileInputContext } from './context.ts';
import type { Copies } from './copies.ts';
import { fingerprintOf, readHead, reasonOf, type Verdict } from './identity.ts';
import type { ReadableFile } from './inflated-file.ts';
import { readsMax } from './limits.ts';
import { AnotherFileError } from './open-files.ts';
import type { FilesOptions } from './options.ts';
import { readTurn, turnBufferBytes, type TurnResult } from './read-turn.ts';
import type { Source } from './source.ts';
import { isFileError, isMissing } from './troubles.ts';

/**
 * Reads the files that have something new, in turns: each file gets one turn, then the next has its own, so that a busy one starves
 * none. A few turns are under way at a time, never two of one file, and each has one buffer: memory does not grow with the files.
 * Compressed files are read one after the other: each keeps a decompressor.
 */
export class Reader {
  readonly #context: FileInputContext;
  readonly #copies: Copies;
  readonly #queue = new Set<Source>();
  readonly #queued = new Condition();
  readonly #turned = new Condition();
  readonly #onTurn: () => void;
  readonly #onLost: (source: Source) => void;
  #buffers: Buffer[] = [];
  #inflating: Source | undefined;
  #turns = 0;
  #sinkIsFull = false;

  constructor(options: {
    context: FileInputContext;
    copies: Copies;
    /** A turn ended. */
    onTurn: () => void;
    /** The file is not where it was, and its handle was closed. */
    onLost: (source: Source) => void;
  }) {
    this.#context = options.context;
    this.#copies = options.copies;
    this.#onTurn = options.onTurn;
    this.#onLost = options.onLost;
  }

  /** Gives the source a turn. */
  queue(source: Source): void {
    source.atEnd = false;
    if (source.reading) source.again = true;
    else {
      this.#queue.add(source);
      this.#queued.notify();
    }
  }

  isBusyWith(source: Source): boolean {
    return source.reading || source.holds > 0 || this.#queue.has(source);
  }

  /** Nothing more is read of it. */
  forget(source: Source): void {
    this.#queue.delete(source);
    if (this.#inflating === source) this.#inflating = undefined;
  }

  /** Runs `work` while no turn of the source is under way, and none begins. */
  async hold<T>(source: Source, signal: AbortSignal, work: () => Promise<T>): Promise<T> {
    source.holds += 1;
    try {
      await this.settled(source, signal);
      return await work();
    } finally {
      source.holds -= 1;
      this.#queued.notify();
    }
  }

  /** Resolves when no turn of the source is under way. */
  async settled(source: Source, signal: AbortSignal): Promise<void> {
    while (source.reading) await this.#turned.wait(signal);
  }

  async run(signal: AbortSignal): Promise<void> {
    // The last turn is over before anything is closed, also when another one failed.
    const ends = await Promise.allSettled(Array.from({ length: readsMax }, () => this.#takeTurns(signal)));
    for (const end of ends) if (end.status === 'rejected') throw end.reason;
  }

  /** Frees the buffers if nothing was read since the last call. */
  trim(): void {
    if (this.#turns === 0) this.#buffers = [];
    this.#turns = 0;
  }

  async #takeTurns(signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      if (this.#sinkIsFull) {
        await this.#context.sink.ready(signal);
        this.#sinkIsFull = false;
      }
      const source = this.#next();
      if (source === undefined) await this.#queued.wait(signal);
      else {
        this.#queue.delete(source);
        await this.#turn(source);
      }
    }
  }

  #next(): Source | undefined {
    for (const source of this.#queue) {
      if (source.holds > 0) continue;
      if (source.compression === '') return source;
      if (this.#inflating !== undefined && this.#inflating !== source) continue;
      this.#inflating = source;
      return source;
    }
    return undefined;
  }

  async #turn(source: Source): Promise<void> {
    source.reading = true;
    source.again = false;
    try {
      await this.#read(source);
      source.failed = false;
      source.stale = false;
      this.#context.troubles.clear(source.path);
    } catch (error) {
      await this.#failed(source, error);
    } finally {
      source.reading = false;
      this.#turned.notify();
    }
    if (source.again && this.#context.table.has(source)) this.queue(source);
    else await this.#inflated(source);
    this.#turns += 1;
    this.#onTurn();
  }

  /** A compressed file that was read to its end is closed; the next one may be opened. */
  async #inflated(source: Source): Promise<void> {
    if (this.#inflating !== source) return;
    this.#inflating = undefined;
    this.#queued.notify();
    if (source.place !== 'moved' && !source.reading) await this.#context.files.close(source);
  }

  async #read(source: Source): Promise<void> {
    const { files, options } = this.#context;
    const { framer, filter } = source.traits;
    const buffer = this.#takeBuffer(turnBufferBytes(framer, options.max_line_bytes));
    try {
      const { cursor, endMax } = source;
      const content = await files.use(source);
      const result = await readTurn(source, {
        handle: content,
        buffer,
        framer,
        filter,
        recordBytesMax: options.max_line_bytes,
        overflow: options.overflow,
        tail: (heldBytes) => this.#tail(source, heldBytes),
      });
      if (source.cursor !== cursor) source.again = true;
      else if (result.kind === 'changed') await this.#restart(source, content, result.verdict);
      else {
        source.endKnown = Math.max(source.endKnown, endMax);
        this.#push(source, result);
      }
    } finally {
      this.#buffers.push(buffer);
    }
  }

  /** Files of different framers may need buffers of different sizes. */
  #takeBuffer(bytes: number): Buffer {
    const buffer = this.#buffers.pop();
    return buffer !== undefined && buffer.length >= bytes ? buffer : Buffer.allocUnsafeSlow(bytes);
  }

  /** What becomes of a held record: asked when the end of the file was seen. */
  #tail(source: Source, heldBytes: number): Tail {
    const quiet = this.#context.clock.monotonic() >= heldUntilMs(source, this.#context.options);
    if (!quiet || heldBytes !== source.heldBytes) return 'hold';
    return source.place === 'here' && !this.#context.once ? 'idle' : 'end';
  }

  #push(source: Source, result: Extract<TurnResult, { kind: 'read' }>): void {
    const { sink, table, clock } = this.#context;
    const seenEnd = source.seenEnd;
    if (result.run !== undefined && !sink.push(result.run)) this.#sinkIsFull = true;
    if (result.filtered !== undefined) this.#context.events.filtered(result.filtered);
    table.setCursor(source, result.cursor);
    source.heldBytes = result.heldBytes;
    source.size = source.seenEnd;
    source.endMax = Math.max(source.endMax, source.seenEnd);
    source.endKnown = Math.max(source.endKnown, source.seenEnd);
    if (source.seenEnd > seenEnd) source.grewMs = clock.monotonic();
    if (result.fingerprint.fingerprintLength > source.identity.fingerprintLength) {
      source.identity = { ...source.identity, ...result.fingerprint };
      sink.updateIdentity(source.cursor.streamId, source.identity);
    }
    if (source.heldBytes > 0 || source.place === 'moved') table.care.add(source);
    else table.care.delete(source);
    if (!result.atEnd) source.again = true;
    source.atEnd = !source.again;
    if (source.atEnd && source.compression !== '') source.sizeFound = source.seenEnd;
  }

  /**
   * The file was cut or written anew: a new stream begins at 0. The old one goes on in a copy of what the file held, where somebody
   * made one before he cut it; otherwise it ends where it was read to.
   */
  async #restart(source: Source, content: ReadableFile, verdict: Exclude<Verdict, 'same'>): Promise<void> {
    const { sink, events, table, clock } = this.#context;
    // Taken down before anything is waited for: what is seen of the file from now on is its new content. Where it is no shorter than
    // before, what was seen lately may be that already.
    const endMax = verdict === 'shorter' ? source.endMax : source.endKnown;
    // Read before the stream is ended: a file that fails now is found changed again.
    const head = await readHead(content);
    const old = { ...source.cursor, identity: source.identity };
    if (verdict === 'shorter') events.fileTruncated(source.path, old.streamId, old.position);
    else events.fileReplaced(source.path, old.streamId, reasonOf(verdict));
    // Claimed while this source still tells that there is a stream of such content: nobody takes the copy for a new file.
    const copy = await this.#copies.claim(old, source.traits, { onlyMatching: false, isReader: true });
    const identity = { ...source.identity, ...fingerprintOf(head), base: 0 };
    const state = await sink.openStream({ identity, attributes: source.traits.attributes, start: 0 });
    source.identity = state.identity;
    source.heldBytes = 0;
    source.endMax = 0;
    source.endKnown = 0;
    source.verified = false;
    source.grewMs = clock.monotonic();
    table.setCursor(source, { streamId: state.streamId, position: 0, mark: '' });
    source.again = true;
    const followed = copy === undefined ? undefined : await this.#copies.adopt(copy, old, source.traits);
    if (followed === undefined) sink.endStream(old.streamId);
    else this.queue(followed);
    const lost = endMax - Math.max(old.position, followed?.endMax ?? 0);
    if (lost > 0) events.lost({ path: source.path, cause: 'truncated', bytes: lost });
    events.fileOpened(source.path, state.streamId, 0);
  }

  async #failed(source: Source, error: unknown): Promise<void> {
    if (error instanceof AnotherFileError || (isMissing(error) && source.handle === undefined)) {
      source.failed = true;
      this.#onLost(source);
      return;
    }
    if (!isFileError(error)) throw error;
    // A server of files forgot what we hold: opened by its path it is there again.
    if (error.code === 'ESTALE' && !source.stale) {
      source.stale = true;
      source.again = true;
      await this.#context.files.close(source);
      return;
    }
    source.failed = true;
    this.#context.troubles.raise(source.path, error);
    // A handle that nothing leads back to is kept: it may work again.
    if (source.place !== 'moved') await this.#context.files.close(source);
  }
}

/** Until when a last record is held if its file stays quiet, on the monotonic clock. */
export function heldUntilMs({ grewMs, traits }: Source, options: FilesOptions): number {
  return grewMs + (traits.framer.quietMs ?? options.idle_flush);
}
