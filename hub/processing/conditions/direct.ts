/**
 * What compares one field with a constant, such as `http.response.status_code >= 500` or `url.path.startsWith("/health")`, and is told
 * where the value stands: conditions of pipelines are nearly always such. The library has whole numbers as BigInts and looks for each
 * name, which takes ten times as long.
 */
import type { ASTNode } from '@marcbachmann/cel-js';
import type { FieldValue } from '../record/fields.ts';
import type { PipelineRecord } from '../record/record.ts';
import type { ExpressionContext } from './expression-text.ts';

/** Undefined: the library has to tell, as the field is not there, or holds something else than most do. */
export type Direct = (record: PipelineRecord) => boolean | undefined;

type Test<Value> = (value: Value, constant: Value) => boolean;

const comparisons: ReadonlyMap<string, Test<number>> = new Map([
  ['<', (value, constant) => value < constant],
  ['<=', (value, constant) => value <= constant],
  ['>', (value, constant) => value > constant],
  ['>=', (value, constant) => value >= constant],
  ['==', (value, constant) => value === constant],
  ['!=', (value, constant) => value !== constant],
]);

const textTests: ReadonlyMap<string, Test<string>> = new Map([
  ['==', (value, constant) => value === constant],
  ['!=', (value, constant) => value !== constant],
  ['startsWith', (value, constant) => value.startsWith(constant)],
  ['endsWith', (value, constant) => value.endsWith(constant)],
  ['contains', (value, constant) => value.includes(constant)],
]);

interface Comparison {
  readonly test: string;
  readonly field: ASTNode;
  readonly constant: string | number;
}

/** Of an expression that was checked; undefined where it is something else. */
export function directOf(node: ASTNode, context: ExpressionContext): Direct | undefined {
  const comparison = comparisonOf(node);
  if (comparison === undefined) return undefined;
  const { test: name, field, constant } = comparison;
  const { text, uses } = context.write(field);
  const [use] = uses;
  const stored = use?.slot.stored;
  if (use === undefined || stored === undefined || text !== use.variable) return undefined;
  if (typeof constant === 'string') {
    const test = textTests.get(name);
    return test === undefined || use.slot.type !== 'string' ? undefined : ofText(stored, test, constant);
  }
  const test = comparisons.get(name);
  return test === undefined || use.slot.type !== 'int' ? undefined : ofWholeNumber(stored, test, constant);
}

type Stored = (record: PipelineRecord) => FieldValue | undefined;

function ofText(stored: Stored, test: Test<string>, constant: string): Direct {
  return (record) => {
    const value = stored(record);
    return typeof value === 'string' ? test(value, constant) : undefined;
  };
}

function ofWholeNumber(stored: Stored, test: Test<number>, constant: number): Direct {
  return (record) => {
    const value = stored(record);
    return typeof value === 'number' && Number.isSafeInteger(value) ? test(value, constant) : undefined;
  };
}

function comparisonOf(node: ASTNode): Comparison | undefined {
  if (node.op === 'rcall') {
    const [test, field, [argument, ...others]] = node.args;
    const constant = argument === undefined || others.length > 0 ? undefined : constantOf(argument);
    return typeof constant === 'string' ? { test, field, constant } : undefined;
  }
  if (!comparisons.has(node.op) || !isPair(node.args)) return undefined;
  const [field, right] = node.args;
  const constant = constantOf(right);
  return typeof constant === 'string' || typeof constant === 'number' ? { test: node.op, field, constant } : undefined;
}

function isPair(args: ASTNode['args']): args is [ASTNode, ASTNode] {
  return Array.isArray(args) && args.length === 2;
}

/** A text, a truth value, or a whole number that is no larger than those of JavaScript; undefined where it is something else. */
export function constantOf(node: ASTNode): string | number | boolean | undefined {
  if (node.op !== 'value') return undefined;
  const { args: value } = node;
  if (typeof value === 'string' || typeof value === 'boolean') return value;
  return typeof value === 'bigint' && Number.isSafeInteger(Number(value)) ? Number(value) : undefined;
}
