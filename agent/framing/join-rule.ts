/** Which lines belong together. A rule looks at one line at a time, from the first of a record on. */
import { LinearPattern } from '@tributary/shared/linear-pattern.ts';
import type { MultilineOptions } from './framing-options.ts';
import { presetRules } from './multiline-presets.ts';

/** What a rule must know of the lines of a record so far. */
export type JoinState = string | number;

export interface JoinRule {
  begin(line: string): JoinState;
  /** Undefined: the line does not belong to the record; otherwise what is known with it. */
  next(state: JoinState, line: string): JoinState | undefined;
  /** The record ends here, whatever follows. */
  isComplete(state: JoinState): boolean;
}

export function joinRule({ preset, start, continuation, end, count, negate }: MultilineOptions): JoinRule {
  if (preset !== undefined) return presetRules[preset];
  if (count !== undefined) {
    return { begin: () => 1, next: (lines) => Number(lines) + 1, isComplete: (lines) => lines === count };
  }
  const matcher = (pattern: string): ((line: string) => boolean) => {
    const compiled = new LinearPattern(pattern);
    return (line) => compiled.test(line) !== negate;
  };
  if (end !== undefined) {
    const matches = matcher(end);
    const stateOf = (line: string): string => (matches(line) ? 'complete' : 'open');
    return { begin: stateOf, next: (_state, line) => stateOf(line), isComplete: (state) => state === 'complete' };
  }
  const isStart = start === undefined ? undefined : matcher(start);
  const belongs = isStart === undefined ? matcher(continuation ?? '') : (line: string): boolean => !isStart(line);
  return {
    begin: () => 'open',
    next: (_state, line) => (belongs(line) ? 'open' : undefined),
    isComplete: () => false,
  };
}
