/**
 * What of CEL holds here: the specification's own tests (cel-spec, as data), through our reading of an expression and the library. Left out
 * are tests with variables, which are ours, and the suites of protocol buffers, optional values and extensions, which are not here.
 *
 * What fails is known. The library checks more strictly than it must: lists, maps and the two ends of `?:` have one type, unless `dyn()` is
 * around them, and a name that is unknown is an error also where nothing hangs on it. It compares no bytes, and takes bytes above 127, uints
 * within lists, keys of maps that are no text, whole numbers beyond 2^53 beside doubles, and the ends of a time's range less strictly or
 * not at all. A loop within a loop is refused by us.
 */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { tests as conformance } from '@bufbuild/cel-spec/testdata/conformance.js';
import { Duration, UnsignedInt } from '@marcbachmann/cel-js/evaluator';
import { StepError, StepOptionError } from '../steps/step.ts';
import { recordOf } from '../steps/testing.ts';
import { checkExpression, evaluationOf } from './check-expression.ts';
import { missing } from './evaluation.ts';
import { KnownNames } from './known-names.ts';

/** How many of a suite's tests hold, and of how many. */
const expected: Readonly<Record<string, readonly [passed: number, all: number]>> = {
  basic: [36, 39],
  bindings_ext: [5, 5],
  comparisons: [289, 324],
  conversions: [98, 109],
  fields: [28, 42],
  fp_math: [30, 30],
  integer_math: [62, 64],
  lists: [34, 39],
  logic: [25, 30],
  macros: [32, 44],
  parse: [146, 170],
  string: [51, 51],
  timestamps: [57, 73],
};

interface Suite {
  readonly name: string;
  readonly suites?: readonly Suite[];
  readonly tests?: readonly { readonly original: object }[];
}

interface SpecTest {
  readonly name: string;
  readonly expr: string;
  readonly value?: object;
  readonly evalError?: object;
}

const names = new KnownNames({});
const record = recordOf('');
const failed = Symbol('failed');

for (const suite of conformance.suites ?? []) {
  const wanted = expected[suite.name];
  if (wanted === undefined) continue;
  test(`of the suite ${suite.name} ${wanted.join(' of ')} hold`, (context) => {
    const tests = testsOf(suite);
    const failing = tests.filter((one) => !holds(one));
    for (const { name, expr } of failing) context.diagnostic(`${name}: ${expr}`);
    assert.deepEqual([tests.length - failing.length, tests.length], wanted);
  });
}

function testsOf(suite: Suite): SpecTest[] {
  const own = (suite.tests ?? []).map(({ original }) => original).filter(isOurs);
  return [...own, ...(suite.suites ?? []).flatMap(testsOf)];
}

function isOurs(one: object): one is SpecTest {
  if (!('expr' in one) || !('name' in one) || 'bindings' in one || 'typeEnv' in one || 'container' in one) return false;
  if (/google\.protobuf|cel\.expr|`/.test(String(one.expr))) return false;
  return 'evalError' in one || ('value' in one && !JSON.stringify(one.value).includes('objectValue'));
}

function holds({ expr, value, evalError }: SpecTest): boolean {
  const result = resultOf(expr);
  return evalError === undefined ? result !== failed && isEqual(result, value ?? {}) : result === failed;
}

function resultOf(text: string): unknown {
  try {
    const checked = checkExpression(text, names);
    const value = evaluationOf(checked, checked.written).evaluate(record);
    return value === missing || value instanceof StepError ? failed : value;
  } catch (error) {
    if (error instanceof StepOptionError) return failed;
    throw error;
  }
}

/** `wanted` is a value of cel-spec's: `{int64Value: "1"}`. */
function isEqual(value: unknown, wanted: object): boolean {
  const [kind, inner] = Object.entries(wanted)[0] ?? [];
  switch (kind) {
    case 'int64Value':
      return value === BigInt(String(inner));
    case 'uint64Value':
      return value instanceof UnsignedInt && value.valueOf() === BigInt(String(inner));
    case 'doubleValue':
      return typeof value === 'number' && (Object.is(value, Number(inner)) || value === Number(inner));
    case 'bytesValue':
      return value instanceof Uint8Array && Buffer.from(value).toString('base64') === inner;
    case 'listValue':
      return Array.isArray(value) && isEqualList(value, valuesOf(inner));
    case 'mapValue':
      return isEqualMap(value, inner);
    case 'typeValue':
      return (
        typeof value === 'object' &&
        value !== null &&
        'name' in value &&
        value.name === String(inner).replace('null_type', 'null')
      );
    default:
      return value === inner;
  }
}

function isEqualList(value: readonly unknown[], wanted: readonly object[]): boolean {
  return value.length === wanted.length && wanted.every((one, index) => isEqual(value[index], one));
}

function isEqualMap(value: unknown, wanted: unknown): boolean {
  if (typeof value !== 'object' || value === null || value instanceof Duration || value instanceof Date) return false;
  const entries = entriesOf(wanted);
  return (
    Object.keys(value).length === entries.length &&
    entries.every(([key, one]) => isEqual(Reflect.get(value, String(Object.values(key)[0])), one))
  );
}

function valuesOf(list: unknown): object[] {
  if (typeof list !== 'object' || list === null || !('values' in list) || !Array.isArray(list.values)) return [];
  return list.values.filter((value): value is object => typeof value === 'object');
}

function entriesOf(map: unknown): [key: object, value: object][] {
  if (typeof map !== 'object' || map === null || !('entries' in map) || !Array.isArray(map.entries)) return [];
  return map.entries.map(({ key, value }: { key: object; value: object }) => [key, value]);
}
