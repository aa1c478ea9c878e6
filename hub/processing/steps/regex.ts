import type { LinearPattern } from '@tributary/shared/linear-pattern.ts';
import { suggest } from '@tributary/shared/options/suggest.ts';
import * as z from 'zod';
import { type FieldPath, type FieldValue, setField } from '../record/fields.ts';
import { fromOption, linearPattern, maxBytesOption, shortText, textOf } from './options.ts';
import { cutText } from './cut-text.ts';
import { RepeatedResults } from './repeated-results.ts';
import { defineStep, StepError, StepOptionError } from './step.ts';
import { fieldsOption, type Target, valueFor } from './targets.ts';

const options = z.strictObject({
  from: fromOption,
  pattern: z
    .union([linearPattern, z.array(linearPattern).min(1).max(100)])
    .describe('The pattern, with names for its groups: `(?<status>[0-9]+)`. Of a list the first that fits.'),
  fields: fieldsOption,
  max_bytes: maxBytesOption.describe(
    'A longer text fails with `too_long`, and no pattern is tried. The time for a pattern grows with the text alone, but it may take a second for some megabytes.',
  ),
});

/** Patterns have no look-ahead and no back-references, so that none takes forever. A group that took part with no text sets nothing. */
export const regex = defineStep({
  name: 'regex',
  summary: 'Takes fields from a text by a pattern with named groups.',
  options,
  make({ from, pattern, fields, max_bytes }) {
    const patterns = Array.isArray(pattern) ? pattern : [pattern];
    checkNames(patterns, [...fields.keys()]);
    const searches = patterns.map((one): Search => {
      const groups = one.groupNames.map((name) => ({ name, target: fields.get(name) ?? ownTarget(name) }));
      return { pattern: one, groups };
    });
    const search = (text: string): readonly Found[] => firstFound(searches, text);
    // A field may hold what many records have in common, such as the name of a server; a whole line does not.
    const repeated = from === undefined ? undefined : new RepeatedResults(search);
    return {
      run(record): void {
        const text = shortText(textOf(record, from), max_bytes);
        const found = repeated === undefined ? search(text) : repeated.of(text);
        if (found.length === 0) return;
        const all = record.edit();
        for (const { path, value } of found) setField(all, path, value);
      },
    };
  },
});

interface Search {
  readonly pattern: LinearPattern;
  /** Gone through by their names, which is faster than through what a match holds. */
  readonly groups: readonly { readonly name: string; readonly target: Target }[];
}

interface Found {
  readonly path: FieldPath;
  readonly value: FieldValue;
}

/** A name without a target is the name of its field. */
function ownTarget(name: string): Target {
  return { path: [name], type: 'string' };
}

function firstFound(searches: readonly Search[], text: string): Found[] {
  for (const { pattern, groups } of searches) {
    const match = pattern.exec(text);
    if (match === undefined) continue;
    const found: Found[] = [];
    for (const { name, target } of groups) {
      const value = match.groups?.[name];
      if (value !== undefined && value !== '') found.push({ path: target.path, value: valueFor(target, cutText(value, 0)) });
    }
    return found;
  }
  throw new StepError('no_match', searches.length === 1 ? 'the pattern does not fit' : 'none of the patterns fits');
}

function checkNames(patterns: readonly LinearPattern[], wanted: readonly string[]): void {
  const names = patterns.flatMap(({ groupNames }) => groupNames);
  const nameless = patterns.findIndex(({ groupNames }) => groupNames.length === 0);
  if (nameless >= 0)
    throw new StepOptionError(['pattern'], 'has no named group, such as (?<status>[0-9]+), and would set nothing');
  for (const name of wanted) {
    if (names.includes(name)) continue;
    const meant = suggest(name, names);
    const hint = meant === undefined ? `groups are ${[...new Set(names)].join(', ')}` : `did you mean ${meant}?`;
    throw new StepOptionError(['fields', name], `is no group of the pattern; ${hint}`);
  }
}
