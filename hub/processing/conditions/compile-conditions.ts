/** Makes conditions, and expressions that give a value, of their text; names and types are checked here, once. */
import type { ASTNode } from '@marcbachmann/cel-js';
import type { FieldValue } from '../record/fields.ts';
import { StepError } from '../steps/step.ts';
import { celToField } from './cel-to-field.ts';
import { checkExpression, type CheckedExpression, evaluationOf, fail, readableTypes } from './check-expression.ts';
import type { Condition, Expression } from './condition.ts';
import { constantOf, type Direct, directOf } from './direct.ts';
import { missing } from './evaluation.ts';
import type { FieldType } from './field-types.ts';
import { KnownNames } from './known-names.ts';
import { both, either, leaf, type Logic, not } from './logic.ts';

export interface Expressions {
  /** Throws a StepOptionError without a path. */
  readonly condition: (text: string) => Condition;
  /** Throws a StepOptionError without a path. */
  readonly expression: (text: string) => Expression;
}

/** Over ECS and `fields`, which are a pipeline's own. */
export function compileExpressions(fields: Readonly<Record<string, FieldType>>): Expressions {
  const names = new KnownNames(fields);
  return { condition: (text) => conditionOf(text, names), expression: (text) => expressionOf(text, names) };
}

export function compileConditions(fields: Readonly<Record<string, FieldType>>): (text: string) => Condition {
  return compileExpressions(fields).condition;
}

function conditionOf(text: string, names: KnownNames): Condition {
  const checked = checkExpression(text, names);
  if (checked.type !== 'bool' && checked.type !== 'dyn')
    fail(`it is a ${readableTypes(checked.type)}, and a condition must be true or false`);
  const logic = logicOf(checked.root, checked);
  return {
    text,
    holds(record): boolean {
      const told = logic(record);
      if (told instanceof StepError) throw told;
      return told === true;
    },
  };
}

function expressionOf(text: string, names: KnownNames): Expression {
  const checked = checkExpression(text, names);
  const evaluation = evaluationOf(checked, checked.written);
  const choice = choiceOf(checked);
  return {
    text,
    valueOf(record): FieldValue | undefined {
      const told = choice?.direct(record);
      if (told !== undefined) return told ? choice?.yes : choice?.no;
      const value = evaluation.evaluate(record);
      if (value === missing) return undefined;
      if (value instanceof StepError) throw value;
      return celToField(value);
    },
  };
}

interface Choice {
  readonly direct: Direct;
  readonly yes: FieldValue;
  readonly no: FieldValue;
}

/** `http.response.status_code < 400 ? "success" : "failure"`: one of two constants. */
function choiceOf({ root, context }: CheckedExpression): Choice | undefined {
  if (root.op !== '?:') return undefined;
  const [condition, ...constants] = root.args;
  const [yes, no] = constants.map(constantOf);
  const direct = yes === undefined || no === undefined ? undefined : directOf(condition, context);
  return yes === undefined || no === undefined || direct === undefined ? undefined : { direct, yes, no };
}

function logicOf(node: ASTNode, checked: CheckedExpression): Logic {
  if (node.op === '&&' || node.op === '||') {
    const [left, right] = node.args;
    const combine = node.op === '&&' ? both : either;
    return combine(logicOf(left, checked), logicOf(right, checked));
  }
  if (node.op === '!_') return not(logicOf(node.args, checked));
  const { context } = checked;
  return leaf(evaluationOf(checked, context.write(node)), { source: context.source, direct: directOf(node, context) });
}
