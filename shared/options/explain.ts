import type * as z from 'zod';
import { unreachable } from '../assert.ts';
import { type ConfigProblem, formatPath, type Path, plainPath } from './problem.ts';
import { keysAt, valueAt } from './schema-shape.ts';
import { suggest } from './suggest.ts';
import { pathKey, type YamlTree } from './yaml-tree.ts';

/** What is needed to turn a schema's complaints into problems that a person can act on. */
export interface ExplainContext {
  readonly file: string;
  readonly schema: z.core.$ZodType;
  readonly tree: YamlTree;
  readonly data: unknown;
}

/** Our words for what a schema accepts. Given to the parser as its error map: a message of the schema's own goes first. */
export function acceptedWords(issue: z.core.$ZodRawIssue): string {
  switch (issue.code) {
    case 'invalid_type':
      return `must be ${typeWords[issue.expected] ?? issue.expected}`;
    case 'invalid_value':
      return `must be ${oneOf(issue.values)}`;
    case 'too_small':
    case 'too_big':
      return limitWords(issue);
    case 'not_multiple_of':
      return `must be a multiple of ${issue.divisor}`;
    case 'invalid_format':
      return issue.format === 'regex' ? `must match ${issue.pattern ?? 'its pattern'}` : `must be a valid ${issue.format}`;
    case 'invalid_union':
      return unionMessage;
    case 'unrecognized_keys':
    case 'invalid_key':
    case 'invalid_element':
    case 'custom':
      return 'is not accepted';
    default:
      return unreachable(issue);
  }
}

export function explainIssue(context: ExplainContext, issue: z.core.$ZodIssue): ConfigProblem[] {
  const path = plainPath(issue.path);
  switch (issue.code) {
    case 'unrecognized_keys':
      return issue.keys.map((key) => unknownKey(context, path, key));
    case 'invalid_union':
      return explainUnion(context, issue, path);
    case 'invalid_key': {
      const message = issue.issues.map((inner) => inner.message).join(', ');
      return [{ ...placed(context, path, true), message: `this name ${message}` }];
    }
    case 'invalid_value':
      return [wrongValue(context, path, issue.message, issue.values)];
    case 'invalid_type':
    case 'invalid_format':
    case 'too_small':
    case 'too_big':
    case 'not_multiple_of':
    case 'invalid_element':
    case 'custom':
      return [wrongValue(context, path, issue.message, [])];
    default:
      return unreachable(issue);
  }
}

const unionMessage = 'matches none of the accepted forms';

const typeWords: Readonly<Record<string, string>> = {
  string: 'text',
  number: 'a number',
  int: 'a whole number',
  boolean: 'true or false',
  object: 'a mapping of options ("key: value")',
  record: 'a mapping ("key: value")',
  array: 'a list ("- item")',
};

function explainUnion(context: ExplainContext, issue: z.core.$ZodIssueInvalidUnion, path: Path): ConfigProblem[] {
  if (issue.inclusive !== false && issue.errors.length === 0) {
    const { options = [] } = issue;
    return [wrongValue(context, path, `must be ${oneOf(options)}`, options)];
  }
  if (issue.message !== unionMessage) return [wrongValue(context, path, issue.message, [])];
  // A form of the right kind with faults inside is what was meant: a mapping with a wrong key, not "text or a mapping".
  const ofKind = issue.errors.filter((errors) => !errors.some((error) => error.path.length === 0 && isOtherKind(error)));
  const meant = ofKind.toSorted((a, b) => a.length - b.length)[0];
  if (meant !== undefined) {
    return meant.flatMap((error) => explainIssue(context, { ...error, path: [...path, ...error.path] }));
  }
  const words = issue.errors.flat().map((error) => error.message.replace(/^must be /, ''));
  return [wrongValue(context, path, `must be ${[...new Set(words)].join(', or ')}`, [])];
}

function isOtherKind(issue: z.core.$ZodIssue): boolean {
  return issue.code === 'invalid_type' || issue.code === 'invalid_value';
}

function unknownKey(context: ExplainContext, path: Path, key: string): ConfigProblem {
  const keys = keysAt(context.schema, path, context.data);
  const given = Object.keys(valueAt(context.data, path) ?? {});
  const near =
    suggest(
      key,
      keys.filter((known) => !given.includes(known)),
    ) ?? suggest(key, keys);
  const hint = near === undefined ? `accepted here: ${keys.join(', ')}` : `did you mean "${near}"?`;
  return { ...placed(context, [...path, key], true), message: 'is not an option', ...(keys.length > 0 && { hint }) };
}

function wrongValue(context: ExplainContext, path: Path, accepted: string, words: readonly unknown[]): ConfigProblem {
  const value = valueAt(context.data, path);
  if (value === undefined && path.length > 0) {
    return { ...placed(context, path, true), message: `is missing: ${accepted}` };
  }
  if (value === null) {
    return { ...placed(context, path, true), message: `has no value: ${accepted}`, hint: 'give one or remove the key' };
  }
  const written = context.tree.written.get(pathKey(path));
  // A value that was put in is shown as it is written, and must not show through a suggestion either.
  const near =
    typeof value === 'string' && written === undefined
      ? suggest(
          value,
          words.filter((word) => typeof word === 'string'),
        )
      : undefined;
  const found = accepted.startsWith('must ') ? `, found ${written ?? describeAt(path, value)}` : '';
  return {
    ...placed(context, path, false),
    message: `${accepted}${found}`,
    ...(near !== undefined && { hint: `did you mean "${near}"?` }),
  };
}

function placed(context: ExplainContext, path: Path, atKey: boolean): Omit<ConfigProblem, 'message'> {
  const place = atKey ? context.tree.placeOfKey(path) : context.tree.placeOfValue(path);
  return { file: context.file, ...place, path: formatPath(path) };
}

function limitWords(issue: z.core.$ZodRawIssue<z.core.$ZodIssueTooSmall | z.core.$ZodIssueTooBig>): string {
  const small = issue.code === 'too_small';
  const limit = small ? issue.minimum : issue.maximum;
  const bound = issue.exact === true ? 'exactly' : small ? 'at least' : 'at most';
  if (issue.origin === 'string') return small && limit === 1 ? 'must not be empty' : `must have ${bound} ${limit} characters`;
  if (issue.origin === 'array' || issue.origin === 'set') return `must have ${bound} ${limit} ${limit === 1 ? 'item' : 'items'}`;
  if (issue.inclusive === false) return `must be ${small ? 'more than' : 'less than'} ${limit}`;
  return `must be ${bound} ${limit}`;
}

function oneOf(values: readonly unknown[]): string {
  const words = values.map((value) => (typeof value === 'string' ? `"${value}"` : String(value)));
  return words.length === 1 ? words.join('') : `one of ${words.join(', ')}`;
}

const shownMax = 60;
/** Options whose values are nobody's to see, wherever they stand, and the password of an address. */
const secretName = /(?:pass|password|passphrase|secret|token|credentials?|api_?key)$/i;
const secretInAddress = /^([a-z][a-z0-9+.-]*:\/\/)\S*@/i;

function describeAt(path: Path, value: unknown): string {
  const name = path.findLast((part) => typeof part === 'string');
  if (typeof name === 'string' && secretName.test(name) && value !== null && typeof value !== 'object') {
    return `a ${typeof value === 'string' ? 'text' : typeof value} that is not shown here`;
  }
  return describe(typeof value === 'string' ? value.replace(secretInAddress, '$1…@') : value);
}

function describe(value: unknown): string {
  if (Array.isArray(value)) return 'a list';
  if (typeof value === 'number' || typeof value === 'boolean') return String(value);
  if (typeof value !== 'string') return 'a mapping';
  return JSON.stringify(value.length > shownMax ? `${value.slice(0, shownMax)}…` : value);
}
