/** A file of cases with what came out as what is expected. Comments and all that passed stay as they are. */
import { parseDocument } from 'yaml';
import { type Fields, fieldAt, type FieldValue } from '../record/fields.ts';
import type { Expectation } from './case-file.ts';
import { fieldNamed } from './compare-case.ts';
import { flatFields } from './field-changes.ts';
import type { CaseResult } from './run-cases.ts';
import type { TriedDocument } from './tried.ts';

const expectationKeys = ['document', 'error', 'to', 'dropped', 'documents', 'exact'] as const;

/** The same text where there is nothing to write. */
export function updatedCases(text: string, results: readonly CaseResult[]): string {
  const document = parseDocument(text);
  let isChanged = false;
  for (const [index, result] of results.entries()) {
    const { test } = result;
    const hasNone = expectationKeys.every((key) => key === 'exact' || test[key] === undefined || test[key] === false);
    if (result.problems.length === 0 && !hasNone) continue;
    isChanged = true;
    for (const key of expectationKeys) if (key !== 'exact') document.deleteIn(['cases', index, key]);
    for (const [key, value] of Object.entries(expectationOf(result)))
      document.setIn(['cases', index, key], document.createNode(value));
  }
  return isChanged ? document.toString({ lineWidth: 0 }) : text;
}

function expectationOf({ test, lines }: CaseResult): Readonly<Record<string, unknown>> {
  const documents = lines.flatMap((line) => line.documents);
  const [only] = documents;
  if (only === undefined) return { dropped: true };
  if (documents.length === 1 && test.documents === undefined) return written(only, test);
  return {
    documents: documents.map((one, index) => ({ ...written(one, test.documents?.[index]), ...exactOf(test.documents?.[index]) })),
  };
}

function written({ fields, destination }: TriedDocument, expected: Expectation | undefined): Readonly<Record<string, unknown>> {
  const error = fieldAt(fields, ['error', 'type']);
  const isFailure = destination?.type === 'errors' && typeof error === 'string';
  return {
    ...(isFailure ? { error } : destination !== undefined && { to: destination }),
    document: namedFields(fields, expected),
  };
}

/** Of what was looked at in part, the same part is written. */
function namedFields(fields: Fields, expected: Expectation | undefined): Readonly<Record<string, FieldValue>> {
  const all = Object.fromEntries(flatFields(fields));
  if (expected?.document === undefined || expected.exact) return all;
  return Object.fromEntries(Object.keys(expected.document).map((name) => [name, fieldNamed(fields, name) ?? null]));
}

function exactOf(expected: Expectation | undefined): Partial<Pick<Expectation, 'exact'>> {
  return expected?.exact === true ? { exact: true } : {};
}
