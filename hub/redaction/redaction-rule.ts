/**
 * What is to be covered, as plain data: it goes to threads. A text's hash is as long as the text where bytes are not to move: of a short
 * text not much of it is left, and two texts may have the same.
 */
import { createHash, createHmac } from 'node:crypto';
import { LinearPattern } from '@tributary/shared/linear-pattern.ts';
import { type Finder, patternFinder, presetFinder, type PresetName } from '@tributary/shared/redaction/presets.ts';
import { type Cover, redactRecord } from '@tributary/shared/redaction/redact-record.ts';
import { type RecordDecoder, textDecoder } from '@tributary/shared/text/text-decoder.ts';

export interface RedactionRule {
  readonly presets: readonly PresetName[];
  /** Sources of patterns that were checked. */
  readonly patterns: readonly string[];
  readonly action: 'mask' | 'hash';
  /** Of the hash: who does not know it cannot try all that a short text may be. */
  readonly key?: string | undefined;
}

const star = '*';

export function findersOf({ presets, patterns }: Pick<RedactionRule, 'presets' | 'patterns'>): Finder[] {
  const own = patterns.map((source) => ({ find: patternFinder(new LinearPattern(source)) }));
  return [...presets.map((name) => presetFinder(name)), ...own];
}

/** 64 hexadecimal digits. */
export function hashOf(text: string | Uint8Array, key: string | undefined): string {
  return (key === undefined ? createHash('sha256') : createHmac('sha256', key)).update(text).digest('hex');
}

/** One rule over records, byte for byte. */
export class RawRedactor {
  readonly #rule: RedactionRule;
  readonly #finders: readonly Finder[];

  constructor(rule: RedactionRule) {
    this.#rule = rule;
    this.#finders = findersOf(rule);
  }

  /** In place. Returns how many places were covered. */
  redact(record: Buffer, decoder: RecordDecoder): number {
    return redactRecord(record, this.#finders, decoder, this.#cover(decoder));
  }

  #cover({ mask }: RecordDecoder): Cover {
    const { action, key } = this.#rule;
    if (action === 'mask') return (bytes) => void bytes.fill(mask);
    const digitAt = mask.indexOf(star);
    return (bytes) => {
      const digits = Buffer.from(hashOf(bytes, key));
      bytes.fill(mask);
      // What is longer than a hash has stars behind it.
      for (const [index, digit] of digits.entries()) {
        const at = index * mask.length + digitAt;
        if (at < bytes.length) bytes[at] = digit;
      }
    };
  }
}

/** Of a stream's encoding; one that this program does not know is looked at a byte at a time: ASCII is found in it all the same. */
export function decoderOf(encoding: string): RecordDecoder {
  try {
    return textDecoder(encoding === '' ? 'utf-8' : encoding);
  } catch {
    return textDecoder('latin1');
  }
}
