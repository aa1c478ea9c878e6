/**
 * Where a pipeline's thread is, told through shared memory: it is also told by a thread that never comes back, or has died. One writer
 * (the thread), one reader (its pool).
 *
 * Layout, in words of 32 bits: call, entry, record, step, limit, begun. The words are written one by one without a lock, as several
 * millions of them are in a second: what is read while the thread gets on may be of two moments. That does no harm: a thread counts as
 * stuck only when `begun` has not changed for long, and nothing is written any more then.
 */
import { assert } from '@tributary/shared/assert.ts';

const word = { call: 0, entry: 1, record: 2, step: 3, limitMs: 4, begun: 5 } as const;
const words = Object.keys(word).length;

/** Not in any entry, record, step. */
const nowhere = -1;

/** A step of a pipeline at a record. */
export interface StepPlace {
  /** Index among the entries that are worked on together. */
  readonly entry: number;
  /** Number of the record within its entry: 0 is the first one that came, whether or not it was trimmed. Its documents share it. */
  readonly record: number;
  /** Index among the pipeline's steps. */
  readonly step: number;
}

/** What a thread was at when it was looked at. */
export interface ThreadPlace {
  /** `ProcessArgument.call`; 0: none yet. */
  readonly call: number;
  /** Undefined while it is in no step at no record: it unpacks or packs. */
  readonly at: StepPlace | undefined;
  /** How long it may be in what it is at. 0: as long as the whole batch may. */
  readonly limitMs: number;
  /** Counts what was begun: as long as it is the same, the thread is at the same. */
  readonly begun: number;
}

export function progressBuffer(): SharedArrayBuffer {
  return new SharedArrayBuffer(words * Int32Array.BYTES_PER_ELEMENT);
}

/** The thread's side. */
export class ProgressWriter {
  readonly #words: Int32Array;

  constructor(buffer: SharedArrayBuffer) {
    assert(buffer.byteLength === words * Int32Array.BYTES_PER_ELEMENT, 'both sides know the same layout');
    this.#words = new Int32Array(buffer);
  }

  /** Of what is known of a call before anything is: `ProcessArgument.call`. */
  beginCall(call: number): void {
    this.#words[word.call] = call;
    this.leave();
  }

  beginRecord(entry: number, record: number): void {
    this.#words[word.entry] = entry;
    this.#words[word.record] = record;
  }

  /** Of the record begun last. `limitMs`: how long it may be in this step; 0: as long as the whole batch may. */
  beginStep(step: number, limitMs: number): void {
    const all = this.#words;
    all[word.step] = step;
    all[word.limitMs] = limitMs;
    // It wraps around after a while: only whether it is another one is asked.
    all[word.begun] = (all[word.begun] ?? 0) + 1;
  }

  /** Behind the last step of a record, and of a call: whatever is done next is in no step. */
  leave(): void {
    this.beginRecord(nowhere, nowhere);
    this.beginStep(nowhere, 0);
  }
}

/** The pool's side. */
export class ProgressReader {
  readonly #words: Int32Array;

  constructor(buffer: SharedArrayBuffer) {
    this.#words = new Int32Array(buffer);
  }

  read(): ThreadPlace {
    const [call = 0, entry = nowhere, record = nowhere, step = nowhere, limitMs = 0, begun = 0] = this.#words;
    const at = call === 0 || entry < 0 || record < 0 || step < 0 ? undefined : { entry, record, step };
    return { call, at, limitMs, begun };
  }
}
