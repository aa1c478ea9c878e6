/** What is wrong in an expression, and where in its text. */

export interface ExpressionProblem {
  /** Index into the text. */
  readonly at: number;
  readonly message: string;
}

export function explainProblems(text: string, problems: readonly ExpressionProblem[]): string {
  return problems.map(({ at, message }) => `${message} (${placeOf(text, at)})`).join('; and ');
}

function placeOf(text: string, at: number): string {
  const before = text.slice(0, at).split('\n');
  const character = (before.at(-1)?.length ?? 0) + 1;
  return before.length === 1 ? `at character ${character}` : `at line ${before.length}, character ${character}`;
}
