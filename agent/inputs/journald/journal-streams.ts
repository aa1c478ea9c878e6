/**
 * Which stream a journal is read into. It is found again by its path, which names the folder and the filters, and by its attributes.
 * When the filters or the attributes were changed, the stream that no input reads any more is ended, and the new one goes on at its
 * cursor: nothing is read twice.
 */
import type { Id, SourceIdentity, StreamAttributes } from '@tributary/protocol/messages.ts';
import type { Sink, StreamState } from '../input.ts';
import type { JournaldInputOptions } from './options.ts';

export interface JournalKey {
  readonly path: string;
  /** The part of the path that names the journal. */
  readonly journal: string;
  readonly attributes: StreamAttributes;
}

export function keyOf(options: JournaldInputOptions, attributes: StreamAttributes): JournalKey {
  const { directory = '', units, identifiers, priority, boot, matches } = options;
  const journal = `journal:${directory}`;
  const filters = [
    ...units.map((unit) => `unit=${unit}`),
    ...identifiers.map((identifier) => `identifier=${identifier}`),
    ...(priority === undefined ? [] : [`priority=${priority}`]),
    ...(boot === 'all' ? [] : [`boot=${boot}`]),
    ...matches,
  ];
  const path = [journal, ...filters.toSorted()].join('?');
  return { path: path.slice(0, pathCharactersMax), journal, attributes };
}

/** A character has three bytes at most, and a path 4096. */
const pathCharactersMax = 1365;

export class JournalStreams {
  readonly #inputs = new Set<JournalKey>();
  readonly #read = new Set<Id>();

  /** From its creation on, an input's stream is not taken over by others. */
  register(key: JournalKey): void {
    this.#inputs.add(key);
  }

  release(key: JournalKey): void {
    this.#inputs.delete(key);
  }

  /** The stream that goes on. */
  own(sink: Sink, key: JournalKey): StreamState | undefined {
    const states = this.#unread(sink).filter((state) => isOf(state, key));
    return states.toSorted((left, right) => right.position - left.position)[0];
  }

  /** A stream of the same journal that no input reads any more. */
  orphan(sink: Sink, { journal, attributes }: JournalKey): StreamState | undefined {
    const orphans = this.#unread(sink).filter(({ identity: { path } }) => path === journal || path.startsWith(`${journal}?`));
    const free = orphans.filter((state) => ![...this.#inputs].some((key) => isOf(state, key)));
    return free.toSorted((left, right) => likeness(right.attributes, attributes) - likeness(left.attributes, attributes))[0];
  }

  /** From now on an input reads it: no other one does. */
  claim(streamId: Id): void {
    this.#read.add(streamId);
  }

  leave(streamId: Id): void {
    this.#read.delete(streamId);
  }

  #unread(sink: Sink): StreamState[] {
    return sink.streams().filter(({ streamId, attributes }) => attributes.counted && !this.#read.has(streamId));
  }
}

const bySink = new WeakMap<object, JournalStreams>();

/** What the journald inputs of one agent know of each other. */
export function journalStreamsOf(sink: Sink): JournalStreams {
  return bySink.getOrInsertComputed(sink.shared ?? sink, () => new JournalStreams());
}

export function identityOf(path: string, token: string): SourceIdentity {
  return { path, device: '', inode: '', fingerprint: '', fingerprintLength: 0, token, base: 0 };
}

function isOf({ identity, attributes }: StreamState, key: JournalKey): boolean {
  return identity.path === key.path && attributesKeyOf(attributes) === attributesKeyOf(key.attributes);
}

function likeness(left: StreamAttributes, right: StreamAttributes): number {
  return (left.tenant === right.tenant ? 1 : 0) + (left.type === right.type ? 2 : 0);
}

function attributesKeyOf({ tenant, type, host, encoding, labels }: StreamAttributes): string {
  const sorted = Object.entries(labels).toSorted(([left], [right]) => (left < right ? -1 : 1));
  return JSON.stringify([tenant, type, host, encoding, sorted]);
}
