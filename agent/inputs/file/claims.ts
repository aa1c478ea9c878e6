/**
 * What the file inputs of one sink know of each other, so that every file is read once per set of attributes and every stream by one
 * input:
 *
 * - a stream belongs to the input whose attributes are its own and whose globs match its path;
 * - a stream that is no input's any more, because attributes were changed in the configuration, is taken over by an input that
 *   matches its path: it is ended, and a new one begins at its position, so that nothing is read twice;
 * - a file that two inputs with the same attributes match is read by the one that claims it first.
 */
import type { Id, StreamAttributes } from '@tributary/protocol/messages.ts';
import type { Sink } from '../input.ts';
import type { FileKey } from './identity.ts';
import type { FilePatterns } from './file-patterns.ts';

/** An input, as the others know it. */
export interface Claimant {
  readonly patterns: FilePatterns;
  /** Whether it reads this path with these attributes. */
  reads(path: string, attributesKey: string): Promise<boolean>;
}

export class Claims {
  readonly #inputs = new Set<Claimant>();
  readonly #streams = new Map<Id, Claimant>();
  /** By attributes, then by file: one long key for each file would be most of what is known of it. */
  readonly #files = new Map<string, Map<FileKey, Claimant>>();
  #releases = 0;

  /** How often an input stopped: the streams it left are others' to read now. */
  get releases(): number {
    return this.#releases;
  }

  /** From its creation on, an input's streams are not taken over by others. */
  register(input: Claimant): void {
    this.#inputs.add(input);
  }

  /** Whether an input, running or about to run, reads this path with these attributes. */
  async isOwned(path: string, attributesKey: string): Promise<boolean> {
    for (const input of this.#inputs) {
      if (await input.reads(path, attributesKey)) return true;
    }
    return false;
  }

  /** False when it is claimed already, by this input or another. */
  claimFile(input: Claimant, key: FileKey, attributesKey: string): boolean {
    const files = this.#files.getOrInsertComputed(attributesKey, () => new Map<FileKey, Claimant>());
    if (files.has(key)) return false;
    files.set(key, input);
    return true;
  }

  isFileClaimed(key: FileKey, attributesKey: string): boolean {
    return this.#files.get(attributesKey)?.has(key) === true;
  }

  releaseFile(input: Claimant, key: FileKey, attributesKey: string): void {
    const files = this.#files.get(attributesKey);
    if (files?.get(key) === input) files.delete(key);
    if (files?.size === 0) this.#files.delete(attributesKey);
  }

  claimStream(input: Claimant, streamId: Id): boolean {
    return this.#streams.getOrInsert(streamId, input) === input;
  }

  isClaimed(streamId: Id): boolean {
    return this.#streams.has(streamId);
  }

  /** The input has stopped. */
  release(input: Claimant): void {
    this.#releases += 1;
    this.#inputs.delete(input);
    for (const [streamId, claimant] of this.#streams) if (claimant === input) this.#streams.delete(streamId);
    for (const [attributesKey, files] of this.#files) {
      for (const [key, claimant] of files) if (claimant === input) files.delete(key);
      if (files.size === 0) this.#files.delete(attributesKey);
    }
  }
}

const claimsOfSinks = new WeakMap<object, Claims>();

/** One for each agent: inputs that push into the same streams know of each other. */
export function claimsOf(sink: Sink): Claims {
  return claimsOfSinks.getOrInsertComputed(sink.shared ?? sink, () => new Claims());
}

const keysOfAttributes = new WeakMap<StreamAttributes, string>();

/** Equal for equal attributes, whatever the order of the labels. */
export function attributesKeyOf(attributes: StreamAttributes): string {
  return keysOfAttributes.getOrInsertComputed(attributes, makeKey);
}

function makeKey(attributes: StreamAttributes): string {
  const { tenant, type, host, encoding, counted, labels } = attributes;
  const sorted = Object.entries(labels).toSorted(([left], [right]) => (left < right ? -1 : 1));
  return JSON.stringify([tenant, type, host, encoding, counted, sorted]);
}
