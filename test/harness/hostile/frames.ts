/** Frames of the protocol that something is wrong with, made of the golden ones. */
import { decode } from '@tributary/protocol/codec.ts';
import { readGolden } from '@tributary/protocol/fixtures/read-golden.ts';
import type { Random } from '../random.ts';
import { mutated } from './mutate.ts';

export class FrameMutants {
  readonly #valid: readonly Uint8Array[] = readGolden('valid').map(({ bytes }) => bytes);
  readonly #invalid: readonly Uint8Array[] = readGolden('invalid').map(({ bytes }) => bytes);

  /** A message that can be read, of a kind, at a time or with a content that make no sense here. */
  readable(random: Random): Uint8Array {
    for (let tries = 0; tries < 5; tries += 1) {
      const frame = mutated(random.pick(this.#valid), random);
      if (isReadable(frame)) return frame;
    }
    return random.pick(this.#valid);
  }

  /** Most often no message at all. */
  broken(random: Random): Uint8Array {
    return random.chance(0.2) ? random.pick(this.#invalid) : mutated(random.pick(this.#valid), random);
  }
}

function isReadable(frame: Uint8Array): boolean {
  try {
    decode(frame);
    return true;
  } catch {
    return false;
  }
}
