/**
 * JSON that is written again as it was: counters of more than 2^53 keep all of their digits. Of a member that comes twice the last one holds, as
 * Elasticsearch refuses a document that has one twice.
 */
import { isObject, type Fields, type FieldValue } from '../../processing/record/fields.ts';

export type Unreadable = { readonly kind: 'not-json' | 'no-object' | 'too-deep'; readonly reason: string };

/** As deep as Elasticsearch maps fields (`index.mapping.depth.limit`); lists count, too. */
export const depthMax = 20;

/** Only such a text can have a number that a double does not hold. */
const longNumber = /\d{16}|\d[eE]\+?\d{3}/;

/** Throws what JSON.parse throws, and a RangeError where values stand too deep within each other to be gone through. */
export function parseExactly(text: string): FieldValue {
  return longNumber.test(text) ? Reflect.apply(JSON.parse, JSON, [text, keepDigits]) : JSON.parse(text);
}

export function readExactly(text: string): { readonly fields: Fields } | { readonly trouble: Unreadable } {
  let value: FieldValue;
  try {
    value = parseExactly(text);
  } catch (error) {
    // What goes through the values of a text does so by calling itself.
    if (error instanceof RangeError) return tooDeep();
    return { trouble: { kind: 'not-json', reason: `it is not JSON: ${error instanceof Error ? error.message : String(error)}` } };
  }
  if (!isObject(value)) return { trouble: { kind: 'no-object', reason: 'it is JSON, but not an object' } };
  return isWithin(value, depthMax) ? { fields: value } : tooDeep();
}

function tooDeep(): { readonly trouble: Unreadable } {
  return { trouble: { kind: 'too-deep', reason: `its objects and lists stand more than ${depthMax} deep within each other` } };
}

/** JSON.rawJSON and the third argument of a reviver are of ECMAScript 2026: TypeScript does not know them yet. */
function keepDigits(_: string, value: unknown, { source }: { readonly source?: string }): unknown {
  return typeof value === 'number' && source !== undefined && String(value) !== source
    ? Reflect.apply(Reflect.get(JSON, 'rawJSON'), JSON, [source])
    : value;
}

function isWithin(value: FieldValue, depth: number): boolean {
  if (typeof value !== 'object' || value === null) return true;
  if (depth === 0) return false;
  for (const inner of Object.values(value)) if (!isWithin(inner, depth - 1)) return false;
  return true;
}
