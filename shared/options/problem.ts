/** One thing that is wrong in a configuration file, and where. */
export interface ConfigProblem {
  readonly file: string;
  /** Counted from 1; absent when the file itself is the problem (missing, unreadable). */
  readonly line?: number;
  readonly column?: number;
  /** `inputs[0].path`; empty when the problem is the whole file's. */
  readonly path: string;
  readonly message: string;
  /** What was probably meant, or what to do next. */
  readonly hint?: string;
}

/** Thrown for a configuration that cannot be used. Its message is what the user is shown: one line per problem, all of them. */
export class ConfigError extends Error {
  readonly code = 'CONFIG';
  override readonly name = 'ConfigError';
  readonly problems: readonly ConfigProblem[];

  constructor(problems: readonly ConfigProblem[]) {
    super(problems.map(formatProblem).join('\n'));
    this.problems = problems;
  }
}

/** `file:line:column: path: what is wrong; hint`, so that editors and terminals can jump there. */
export function formatProblem(problem: ConfigProblem): string {
  const { file, line, column, path, message, hint } = problem;
  const place = line === undefined ? file : `${file}:${line}:${column ?? 1}`;
  return `${place}: ${path === '' ? '' : `${path}: `}${message}${hint === undefined ? '' : `; ${hint}`}`;
}

export type Path = readonly (string | number)[];

/** `inputs[0].labels."a key"`: as a person would point at it. */
export function formatPath(path: Path): string {
  let text = '';
  for (const part of path) {
    if (typeof part === 'number') text += `[${part}]`;
    else text += `${text === '' ? '' : '.'}${/^[\w-]+$/.test(part) ? part : JSON.stringify(part)}`;
  }
  return text;
}

/** A schema's path as ours. */
export function plainPath(path: readonly PropertyKey[]): (string | number)[] {
  return path.map((part) => (typeof part === 'number' ? part : String(part)));
}
