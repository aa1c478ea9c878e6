/** Options of the steps that are told a log format. */
import * as z from 'zod';
import { fieldPath } from '../options.ts';
import { StepOptionError } from '../step.ts';
import { TimePatternError } from '../time/time-pattern.ts';
import { FormatError } from './format-error.ts';

export const namesOption = z
  .record(z.string(), fieldPath)
  .default({})
  .describe('Fields for variables of the format, by how they are written there, instead of those that they have by themselves.');

/** Throws a StepOptionError. */
export function compiledFormat<Format>(compile: () => Format): Format {
  try {
    return compile();
  } catch (error) {
    if (!(error instanceof FormatError) && !(error instanceof TimePatternError)) throw error;
    throw new StepOptionError(['format'], error.message, { cause: error });
  }
}
