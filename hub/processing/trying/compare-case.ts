/** Whether what came out of a case's lines is what was expected, and what is different. */
import { isDeepStrictEqual } from 'node:util';
import {
  fieldAt,
  type Fields,
  type FieldValue,
  isObject,
  mergeFields,
  type MutableFields,
  parseFieldPath,
  setField,
} from '../record/fields.ts';
import { fieldChanges, flatFields } from './field-changes.ts';
import type { Expectation, TestCase } from './case-file.ts';
import type { TriedDocument, TriedLine } from './tried.ts';
import { changeText, destinationText, plain, valueText } from './tried-text.ts';

export interface Difference {
  /** Within the case. */
  readonly path: readonly (string | number)[];
  /** One or more lines. */
  readonly message: string;
}

export function differencesOf(test: TestCase, lines: readonly TriedLine[]): Difference[] {
  const documents = lines.flatMap((line) => line.documents);
  if (test.dropped) {
    return documents.length === 0
      ? []
      : [{ path: ['dropped'], message: `expected nothing, but ${countText(documents)} came out` }];
  }
  if (test.documents !== undefined) return ofDocuments(test.documents, documents, lines);
  if (test.document === undefined && test.error === undefined && test.to === undefined) return ofFailures(lines);
  const [document] = documents;
  if (document === undefined) return [{ path: [], message: 'expected a document, but nothing came out' }];
  if (documents.length > 1) return [{ path: [], message: `expected one document, but ${countText(documents)} came out` }];
  return ofDocument(test, document, { path: [], lines });
}

function ofDocuments(
  expected: readonly Expectation[],
  documents: readonly TriedDocument[],
  lines: readonly TriedLine[],
): Difference[] {
  if (expected.length !== documents.length)
    return [{ path: ['documents'], message: `expected ${expected.length} documents, but ${countText(documents)} came out` }];
  return expected.flatMap((one, index) => {
    const document = documents[index];
    return document === undefined ? [] : ofDocument(one, document, { path: ['documents', index], lines });
  });
}

function ofDocument(
  { document: expected, exact, error, to }: Expectation,
  { fields, destination }: TriedDocument,
  { path, lines }: { readonly path: readonly (string | number)[]; readonly lines: readonly TriedLine[] },
): Difference[] {
  const differences: Difference[] = [];
  const type = fieldAt(fields, ['error', 'type']);
  if (error !== undefined && type !== error)
    differences.push({ path: [...path, 'error'], message: `expected the error ${error}, but it is ${valueText(type)}` });
  const goes = destination ?? {};
  if (to !== undefined && !isDeepStrictEqual({ ...to }, { ...goes }))
    differences.push({
      path: [...path, 'to'],
      message: `expected that it ${destinationText(definedTo(to))}, but it ${destinationText(goes)}`,
    });
  // A document that a failed step sent away is no success, unless that was expected.
  if (error === undefined && to === undefined && goes.type === 'errors')
    differences.push(...ofFailures(lines).map((one) => ({ ...one, path })));
  if (expected !== undefined) differences.push(...ofFields(expected, fields, { path: [...path, 'document'], exact }));
  return differences;
}

function ofFailures(lines: readonly TriedLine[]): Difference[] {
  const failed = lines
    .flatMap(({ steps }) => steps)
    .filter(({ outcome, error }) => outcome === 'failed' && error?.onError === 'route');
  return failed.map(({ name, error }) => ({
    path: [],
    message: `its step ${name} failed (${error?.type ?? ''}): ${error?.message ?? ''}`,
  }));
}

function ofFields(
  expected: Readonly<Record<string, FieldValue>>,
  fields: Fields,
  { path, exact }: { readonly path: readonly (string | number)[]; readonly exact: boolean },
): Difference[] {
  const differences = Object.entries(expected).flatMap(([name, value]): Difference[] => {
    const found = fieldNamed(fields, name);
    const isSame =
      value === null
        ? found === undefined || found === null
        : isSameTime(name, value, found) || (exact ? isDeepStrictEqual(value, found) : isWithin(value, found));
    if (isSame) return [];
    const message =
      isObject(value) && isObject(found)
        ? `is another object
${indented(changesText(value, found, exact))}`
        : expectedText(valueText(value), valueText(found));
    return [{ path: [...path, name], message }];
  });
  if (!exact) return differences;
  const whole = expectedFields(expected);
  const known = new Set(flatFields(whole).map(([field]) => field));
  const more = flatFields(fields).filter(
    ([field]) => !known.has(field) && ![...known].some((one) => field.startsWith(`${one}.`)),
  );
  if (more.length > 0)
    differences.push({
      path,
      message: `has more than was expected\n${indented(more.map(([field, value]) => `+ ${field}: ${valueText(value)}`).join('\n'))}`,
    });
  return differences;
}

/** On one line where it is short. */
function expectedText(expected: string, found: string): string {
  return expected.length + found.length <= 80 ? `expected ${expected}, got ${found}` : `expected ${expected}\n     got ${found}`;
}

/** However it is written. */
function isSameTime(name: string, expected: FieldValue, found: FieldValue | undefined): boolean {
  return (
    name === '@timestamp' &&
    typeof expected === 'string' &&
    typeof found === 'string' &&
    Date.parse(expected) === Date.parse(found)
  );
}

/** A name with dots may be one field's. */
export function fieldNamed(fields: Fields, name: string): FieldValue | undefined {
  return fieldAt(fields, parseFieldPath(name) ?? [name]) ?? fieldAt(fields, [name]);
}

/** Of an object only what is named is compared. */
function isWithin(expected: FieldValue, found: FieldValue | undefined): boolean {
  if (!isObject(expected) || !isObject(found)) return isDeepStrictEqual(expected, found);
  return Object.entries(expected).every(([name, value]) => isWithin(value, Object.hasOwn(found, name) ? found[name] : undefined));
}

function changesText(expected: Fields, found: Fields, exact: boolean): string {
  return fieldChanges(expected, found)
    .filter(({ before }) => exact || before !== undefined)
    .map((change) => changeText(change, plain))
    .join('\n');
}

/** Names with dots, as the nested objects that they mean. */
export function expectedFields(expected: Readonly<Record<string, FieldValue>>): Fields {
  const fields: MutableFields = {};
  for (const [name, value] of Object.entries(expected)) {
    const made: MutableFields = {};
    setField(made, parseFieldPath(name) ?? [name], value);
    mergeFields(fields, made);
  }
  return fields;
}

function countText(documents: readonly TriedDocument[]): string {
  return documents.length === 1 ? `a document (${valueText(documents[0]?.fields)})` : `${documents.length} documents`;
}

function definedTo({ type, index, outputs }: NonNullable<Expectation['to']>): Parameters<typeof destinationText>[0] {
  return {
    ...(type !== undefined && { type }),
    ...(index !== undefined && { index }),
    ...(outputs !== undefined && { outputs }),
  };
}

function indented(text: string): string {
  return text.replaceAll(/^/gm, '  ');
}
