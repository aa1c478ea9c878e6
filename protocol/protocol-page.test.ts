import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import type { DescEnum } from '@bufbuild/protobuf';
import { certificateProblems, enrolmentRefusalCodes } from './enrolment/messages.ts';
import { FrameSchema, RefuseReasonSchema, RejectCodeSchema } from './generated/tributary_pb.ts';
import * as limits from './limits.ts';

/** docs/PROTOCOL.md is written by hand: what can be checked of it is. */
const page = readFileSync(new URL('../docs/PROTOCOL.md', import.meta.url), 'utf8');

/** First cell of each row, where it is code, with the second one. */
const rows = new Map([...page.matchAll(/^\| `([^`]+)` +\| +([^|]*?) *\|/gm)].map(([, name = '', second = '']) => [name, second]));

test('docs/PROTOCOL.md has every limit with its value', () => {
  for (const [name, value] of Object.entries(limits)) assert.equal(rows.get(name), value.toLocaleString('en-US'), name);
  const known = new Set([
    ...Object.keys(limits),
    ...messageNames(),
    ...valueNames(RefuseReasonSchema),
    ...valueNames(RejectCodeSchema),
    ...enrolmentRefusalCodes,
    ...certificateProblems,
  ]);
  assert.deepEqual(
    [...rows.keys()].filter((name) => !known.has(name)),
    [],
  );
});

test('docs/PROTOCOL.md has every message, reason and code', () => {
  const codes = [...enrolmentRefusalCodes, ...certificateProblems];
  for (const name of [...messageNames(), ...valueNames(RefuseReasonSchema), ...valueNames(RejectCodeSchema), ...codes]) {
    assert.ok(rows.has(name), name);
  }
});

function messageNames(): string[] {
  return FrameSchema.fields.map((field) => field.message?.name ?? '');
}

/** `REFUSE_REASON_TOO_LARGE` is called `too-large`. */
function valueNames(schema: DescEnum): string[] {
  return schema.values.filter(({ number }) => number > 0).map(({ localName }) => localName.toLowerCase().replaceAll('_', '-'));
}
