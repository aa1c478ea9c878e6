/** Options that many steps have, so that they are named and checked alike. */
import { LinearPattern, PatternError } from '@tributary/shared/linear-pattern.ts';
import { bytesBetween, formatBytes } from '@tributary/shared/options/units.ts';
import * as z from 'zod';
import { type FieldPath, parseFieldPath } from '../record/fields.ts';
import type { PipelineRecord } from '../record/record.ts';
import { StepError } from './step.ts';

/** `http.response.status_code`, as its names. */
export const fieldPath = z.string().transform((text, context): FieldPath => {
  const path = parseFieldPath(text);
  if (path !== undefined) return path;
  context.addIssue({ code: 'custom', message: 'must be names with dots between them, such as http.response.status_code' });
  return z.NEVER;
});

/** A pattern that can never hang a thread (shared/linear-pattern.ts). */
export const linearPattern = z
  .string()
  .min(1)
  .transform((text, context): LinearPattern => {
    try {
      return new LinearPattern(text);
    } catch (error) {
      if (!(error instanceof PatternError)) throw error;
      context.addIssue({ code: 'custom', message: error.message });
      return z.NEVER;
    }
  });

export const fromOption = fieldPath
  .optional()
  .describe('The field whose text is read. `message` unless named, and the whole record where there is none yet.');

/** The text that a parsing step reads. */
export function textOf(record: PipelineRecord, from: FieldPath | undefined): string {
  if (from === undefined) return record.text;
  const value = record.get(from);
  if (typeof value === 'string') return value;
  throw new StepError('no_field', `${from.join('.')} is ${value === undefined ? 'not there' : 'not a text'}`);
}

/** Of a step that searches texts by patterns. */
export const maxBytesOption = bytesBetween({ min: '1KiB', max: '256MiB' }).prefault('1MiB');

/** Of a character, as texts count them here. */
const utf8BytesMax = 3;

/** Throws a StepError of a text that is longer. */
export function shortText(text: string, bytesMax: number): string {
  const { length } = text;
  if (length * utf8BytesMax <= bytesMax) return text;
  const bytes = Buffer.byteLength(text);
  if (bytes <= bytesMax) return text;
  throw new StepError('too_long', `it has ${bytes} bytes, and max_bytes is ${formatBytes(bytesMax)}`);
}
