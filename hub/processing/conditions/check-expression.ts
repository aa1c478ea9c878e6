/** Reads an expression and finds everything that is wrong with it. */
import { type ASTNode, type Environment, ParseError, TypeError as CelTypeError } from '@marcbachmann/cel-js';
import { StepOptionError } from '../steps/step.ts';
import { environmentWith, expressionLengthMax, parsing } from './environment.ts';
import { Evaluation } from './evaluation.ts';
import { ExpressionContext, matchesFunction, type WrittenExpression } from './expression-text.ts';
import type { KnownNames } from './known-names.ts';
import { explainProblems } from './problems.ts';

export interface CheckedExpression {
  readonly context: ExpressionContext;
  readonly root: ASTNode;
  readonly written: WrittenExpression;
  readonly environment: Environment;
  /** Of the whole. */
  readonly type: string;
}

/** Of the whole, or of a part of it that was written on its own. */
export function evaluationOf({ context, environment }: CheckedExpression, written: WrittenExpression): Evaluation {
  return new Evaluation(context.source, environment.parse(written.text), written);
}

/** Throws a StepOptionError without a path. */
export function checkExpression(text: string, names: KnownNames): CheckedExpression {
  if (text.length > expressionLengthMax) fail(`it is longer than ${expressionLengthMax} characters`);
  const context = new ExpressionContext(text, names);
  const root = parsed(text);
  const written = context.write(root);
  if (context.problems.length > 0) fail(explainProblems(text, context.problems));
  const environment = environmentWith({ slots: context.slots.values(), patterns: context.patterns });
  const { valid, type, error } = environment.check(written.text);
  if (!valid || type === undefined) return fail(explainProblems(text, [typeProblem(error, written)]));
  return { context, root, written, environment, type };
}

function parsed(text: string): ASTNode {
  try {
    return parsing.parse(text).ast;
  } catch (error) {
    if (!(error instanceof ParseError)) throw error;
    return fail(explainProblems(text, [{ at: error.range?.start ?? 0, message: parseMessage(error) }]));
  }
}

function parseMessage({ code, summary }: ParseError): string {
  const [, word] = /^Reserved identifier: (\w+)$/.exec(summary) ?? [];
  if (code === 'reserved_identifier' && word !== undefined) return `${word} is a word of the language: write fields.${word}`;
  return summary.replace('Exceeded ', 'it is more than CEL is allowed here: ');
}

function typeProblem(error: Error | undefined, { origins }: WrittenExpression): { at: number; message: string } {
  if (!(error instanceof CelTypeError)) return { at: 0, message: error?.message ?? 'it cannot be checked' };
  const index = error.range?.start ?? 0;
  const [, at] = origins.findLast(([begin]) => begin <= index) ?? [0, 0];
  const [, operation] = /^no such overload: (.*)$/s.exec(error.summary) ?? [];
  const message = operation === undefined ? error.summary : `there is no ${operation}`;
  return { at, message: readableTypes(message).replaceAll(matchesFunction, 'matches') };
}

export function readableTypes(message: string): string {
  return message.replaceAll(/google\.protobuf\.(Timestamp|Duration)/g, (_, name: string) => name.toLowerCase());
}

export function fail(message: string): never {
  throw new StepOptionError([], message);
}
