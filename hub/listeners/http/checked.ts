import * as z from 'zod';
import { HttpError } from './http-error.ts';

/** What came with a request, as `schema` wants it, or status 400 with a sentence that repeats nothing of what came. */
export function checked<Schema extends z.ZodType>(
  schema: Schema,
  value: unknown,
  what: 'body' | 'query' | 'path',
): z.output<Schema> {
  const result = schema.safeParse(value ?? {});
  if (result.success) return result.data;
  const [issue] = result.error.issues;
  const place = issue === undefined || issue.path.length === 0 ? what : `${what}: ${placeOf(issue.path)}`;
  const reason = isGivenTwice(value, issue, what) ? 'is given more than once' : reasonOf(issue, schema);
  throw new HttpError(400, 'malformed', `${place} ${reason}`);
}

const notAsItMustBe = 'is not what it must be';

/** Nothing may come with the request. */
export const nothing = z.strictObject({});

/** Of a query, which holds texts and nothing else unless something came twice. */
function isGivenTwice(value: unknown, issue: z.core.$ZodIssue | undefined, what: string): boolean {
  const [name, ...deeper] = issue?.path ?? [];
  return what === 'query' && typeof name === 'string' && deeper.length === 0 && Array.isArray(Object(value)[name]);
}

/** Names of fields are ours, except keys of a record, which somebody else chose. */
function placeOf(path: readonly PropertyKey[]): string {
  return path.map((part) => (typeof part === 'string' && /^[a-z_A-Z]{1,30}$/.test(part) ? part : '…')).join('.');
}

function reasonOf(issue: z.core.$ZodIssue | undefined, schema: z.ZodType): string {
  switch (issue?.code) {
    case 'unrecognized_keys':
      return `has a field that is not known here${issue.path.length === 0 ? knownFieldsOf(schema) : ''}`;
    case 'invalid_type':
      return `must be ${article(issue.expected)}`;
    case 'too_big':
      return `is too ${issue.origin === 'string' || issue.origin === 'array' ? 'long' : 'large'}: at most ${issue.maximum}`;
    case 'too_small':
      return `is too ${issue.origin === 'string' || issue.origin === 'array' ? 'short' : 'small'}: at least ${issue.minimum}`;
    case 'invalid_value':
      return `must be one of ${issue.values.map(String).join(', ')}`;
    case 'invalid_union':
      // Told of a union by a field, such as `kind`.
      return 'options' in issue && Array.isArray(issue.options) ? `must be one of ${issue.options.join(', ')}` : notAsItMustBe;
    // The schema's own words.
    case 'custom':
    case 'invalid_format':
      return issue.message;
    default:
      return notAsItMustBe;
  }
}

function knownFieldsOf(schema: z.ZodType): string {
  if (!(schema instanceof z.ZodObject)) return '';
  const names = Object.keys(schema.shape);
  return names.length === 0 ? ': it takes none' : `: it takes ${names.join(', ')}`;
}

function article(expected: string): string {
  return /^[aeiou]/.test(expected) ? `an ${expected}` : `a ${expected}`;
}
