/** The library, with what it has not of its own: numbers of both kinds side by side, times as text, and patterns that cannot hang. */
import { Environment } from '@marcbachmann/cel-js';
import type { LinearPattern } from '@tributary/shared/linear-pattern.ts';
import { matchesFunction } from './expression-text.ts';
import type { Slot } from './slots.ts';

export const expressionLengthMax = 4096;

const limits = { maxAstNodes: 2000, maxDepth: 100, maxListElements: 1000, maxMapEntries: 100, maxCallArguments: 10 };

/** Reads what people write; knows no names. */
export const parsing = new Environment({ limits });

/** Our parentheses come on top of theirs. */
const base = withTimesAsText(withMixedNumbers(new Environment({ limits: { ...limits, maxAstNodes: 4000, maxDepth: 250 } })));

/**
 * CEL itself wants `1.0` beside a double and `1` beside an int. People who compare a duration in a document with 1 mean the number, and
 * JSON makes no difference.
 */
function withMixedNumbers(environment: Environment): Environment {
  environment.registerOperator('int == double', (a: bigint, b: number) => Number(a) === b);
  const operators: Readonly<Record<string, (a: number, b: number) => number>> = {
    '+': (a, b) => a + b,
    '-': (a, b) => a - b,
    '*': (a, b) => a * b,
    '/': (a, b) => a / b,
  };
  for (const [sign, operate] of Object.entries(operators)) {
    environment.registerOperator(`int ${sign} double: double`, (a: bigint, b: number) => operate(Number(a), b));
    environment.registerOperator(`double ${sign} int: double`, (a: number, b: bigint) => operate(a, Number(b)));
  }
  return environment;
}

/** Of CEL's own, and not of the library's. */
function withTimesAsText(environment: Environment): Environment {
  const time = 'google.protobuf.Timestamp';
  environment.registerFunction(`string(${time}): string`, (date: Date) => date.toISOString().replace(/\.?0*Z$/, 'Z'), {
    async: false,
  });
  environment.registerFunction(`int(${time}): int`, (date: Date) => BigInt(Math.floor(date.getTime() / 1000)), { async: false });
  environment.registerFunction(
    'string(google.protobuf.Duration): string',
    (duration: { toString: () => string }) => duration.toString(),
    {
      async: false,
    },
  );
  return environment;
}

export interface EnvironmentNeeds {
  readonly slots: Iterable<{ readonly variable: string; readonly slot: Slot }>;
  readonly patterns: ReadonlyMap<string, LinearPattern>;
}

export function environmentWith({ slots, patterns }: EnvironmentNeeds): Environment {
  const environment = base.clone();
  for (const { variable, slot } of slots) environment.registerVariable(variable, slot.type);
  const fits = (text: string, pattern: string): boolean => patterns.get(pattern)?.test(text) ?? false;
  environment.registerFunction(`string.${matchesFunction}(string): bool`, fits, { async: false });
  return environment;
}
