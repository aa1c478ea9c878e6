/** Masks parts of records before anything is stored: with `*` in the record's encoding. */
import { LinearPattern } from '@tributary/shared/linear-pattern.ts';
import { type Finder, patternFinder, presetFinder } from '@tributary/shared/redaction/presets.ts';
import { redactRecord } from '@tributary/shared/redaction/redact-record.ts';
import type { RecordDecoder } from '@tributary/shared/text/text-decoder.ts';
import type { FilterOptions } from './framing-options.ts';

export interface Redaction {
  /** Masks in place; true when something was. */
  mask(record: Buffer): boolean;
}

type RedactOptions = NonNullable<FilterOptions['redact']>;

export function createRedaction({ presets, patterns }: RedactOptions, decoder: RecordDecoder): Redaction {
  const finders: Finder[] = presets.map((name) => presetFinder(name));
  for (const pattern of patterns) finders.push({ find: patternFinder(new LinearPattern(pattern)) });
  const cover = (bytes: Buffer): void => void bytes.fill(decoder.mask);
  return { mask: (record) => redactRecord(record, finders, decoder, cover) > 0 };
}
