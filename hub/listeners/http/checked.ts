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
  throw new HttpError(400, 'malformed', `${place} ${reasonOf(issue)}`);
}

/** Nothing may come with the request. */
export const nothing = z.strictObject({});

/** Names of fields are ours, except keys of a record, which somebody else chose. */
function placeOf(path: readonly PropertyKey[]): string {
  return path.map((part) => (typeof part === 'string' && /^[a-z_A-Z]{1,30}$/.test(part) ? part : '…')).join('.');
}

function reasonOf(issue: z.core.$ZodIssue | undefined): string {
  switch (issue?.code) {
    case 'unrecognized_keys':
      return 'has a field that is not known here';
    case 'invalid_type':
      return `must be ${article(issue.expected)}`;
    case 'too_big':
      return `is too ${issue.origin === 'string' || issue.origin === 'array' ? 'long' : 'large'}: at most ${issue.maximum}`;
    case 'too_small':
      return `is too ${issue.origin === 'string' || issue.origin === 'array' ? 'short' : 'small'}: at least ${issue.minimum}`;
    case 'invalid_value':
      return `must be one of ${issue.values.map(String).join(', ')}`;
    // The schema's own words.
    case 'custom':
    case 'invalid_format':
      return issue.message;
    default:
      return 'is not what it must be';
  }
}

function article(expected: string): string {
  return /^[aeiou]/.test(expected) ? `an ${expected}` : `a ${expected}`;
}
