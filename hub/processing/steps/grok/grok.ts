import * as z from 'zod';
import { fromOption, maxBytesOption, shortText, textOf } from '../options.ts';
import { defineStep, StepError, StepOptionError, type StepContext } from '../step.ts';
import { FoundFields, type Target } from '../targets.ts';
import { compileGrok, GrokError, type GrokPattern } from './grok-pattern.ts';
import { readPatternFile } from './pattern-file.ts';
import { standardPatterns } from './pattern-names.ts';

const options = z.strictObject({
  from: fromOption,
  match: z
    .union([z.string().min(1), z.array(z.string().min(1)).min(1).max(100)])
    .describe(
      'The expression, such as `%{IP:source.ip} %{NUMBER:http.response.status_code:int}`; of a list the first that fits. Types are `int`, `float`, `bool`, `string` and `ip`; fields may be written as `[http][response][status_code]`, too.',
    ),
  patterns: z
    .record(z.string().regex(/^\w+$/, 'must be of letters, digits and _'), z.string().min(1))
    .default({})
    .describe('Patterns of your own, by their names. They go before the standard ones, and before those of files.'),
  patterns_file: z
    .union([z.string().min(1), z.array(z.string().min(1))])
    .default([])
    .describe('Files with patterns, beside the pipeline: a name, a space and the pattern on each line.'),
  max_bytes: maxBytesOption.describe(
    'A longer text fails with `too_long`, and no pattern is tried. The time for a pattern grows with the text alone, but one of many choices, such as `%{COMBINEDAPACHELOG}`, takes a second for a megabyte that does not fit.',
  ),
});

/** Look-ahead and back-references are refused, so that no pattern takes forever. A group that took part with no text sets nothing. */
export const grok = defineStep({
  name: 'grok',
  summary: 'Takes fields from a text by patterns that have names: `%{COMBINEDAPACHELOG}`.',
  options,
  make({ from, match, patterns, patterns_file, max_bytes }, context) {
    const files = typeof patterns_file === 'string' ? [patterns_file] : patterns_file;
    const known = new Map([...standardPatterns, ...filePatterns(files, context), ...Object.entries(patterns)]);
    for (const name of Object.keys(patterns)) checkPattern(name, known);
    const expressions =
      typeof match === 'string'
        ? [compiled(match, known, ['match'])]
        : match.map((one, index) => compiled(one, known, ['match', index]));
    return {
      run(record): void {
        fieldsOf(shortText(textOf(record, from), max_bytes), expressions).give(record, undefined);
      },
    };
  },
});

const noTargets: ReadonlyMap<string, Target> = new Map();

function fieldsOf(text: string, expressions: readonly GrokPattern[]): FoundFields {
  for (const { pattern, groups } of expressions) {
    const match = pattern.exec(text);
    if (match === undefined) continue;
    const found = new FoundFields(noTargets);
    for (const [group, target] of groups) {
      const value = match.groups?.[group];
      if (value !== undefined && value !== '') found.put(target, value);
    }
    return found;
  }
  throw new StepError('no_match', expressions.length === 1 ? 'the pattern does not fit' : 'none of the patterns fits');
}

function filePatterns(files: readonly string[], { readFile }: StepContext): [string, string][] {
  return files.flatMap((file) => {
    const bytes = readFile(file, ['patterns_file']);
    try {
      return readPatternFile(bytes);
    } catch (error) {
      throw new StepOptionError(['patterns_file'], `${file} ${error instanceof Error ? error.message : String(error)}`);
    }
  });
}

/** What is wrong in a pattern is told where it stands, and not of every expression that uses it. */
function checkPattern(name: string, patterns: ReadonlyMap<string, string>): void {
  compiled(`%{${name}:checked}`, patterns, ['patterns', name]);
}

function compiled(expression: string, patterns: ReadonlyMap<string, string>, path: readonly (string | number)[]): GrokPattern {
  try {
    return compileGrok(expression, patterns);
  } catch (error) {
    if (error instanceof GrokError) throw new StepOptionError(path, error.message);
    throw error;
  }
}
