import { readFileSync } from 'node:fs';
import { dirname } from 'node:path';
import type * as z from 'zod';
import { acceptedWords, explainIssue } from './explain.ts';
import { ConfigError, type ConfigProblem, formatPath, formatProblem, type Path, plainPath } from './problem.ts';
import { assertStrict, valueAt } from './schema-shape.ts';
import { readFailure, type SubstitutionSource } from './substitute.ts';
import { pathKey, readYamlTree, type YamlTree } from './yaml-tree.ts';

export { ConfigError, type ConfigProblem } from './problem.ts';

/**
 * Reads a configuration file: YAML, then `${ENV}` and `${file:PATH}` in scalar values, then the schema. Everything that is wrong is
 * reported at once, in one ConfigError, in the order of the file; what was substituted never appears in it.
 */
export interface ConfigSource<S extends z.ZodType> {
  /** Also the name that problems are reported under. */
  readonly file: string;
  /** Its mappings are all `strictObject`: this is asserted. */
  readonly schema: S;
  /** `process.env`, given by main.ts. Undefined: `${…}` in it is text like any other. */
  readonly env: Readonly<Record<string, string | undefined>> | undefined;
}

const fileBytesMax = 4 * 1024 * 1024;

export function readConfig<S extends z.ZodType>(source: ConfigSource<S>): z.output<S> {
  return parseConfig({ ...source, text: readText(source.file) });
}

/** As `readConfig`, of a text that was read already. */
export function parseConfig<S extends z.ZodType>(source: ConfigSource<S> & { readonly text: string }): z.output<S> {
  const { file, schema, env, text } = source;
  assertStrict(schema);
  const tree = readYamlTree(file, text, substitutionOf(file, env));
  if (tree.whole && tree.data === null) throw new ConfigError([emptyFile(file, text)]);
  const problems = [...tree.problems];
  if (tree.whole) {
    const result = parseData(schema, tree);
    if (result.success && problems.length === 0) return result.data;
    const context = { file, schema, tree, data: result.given };
    const known = (issue: z.core.$ZodIssue): boolean => tree.failed.has(pathKey(plainPath(issue.path)));
    const explained = result.success
      ? []
      : result.issues.filter((issue) => !known(issue)).flatMap((issue) => explainIssue(context, issue));
    problems.push(...withoutMistyped(explained));
  }
  throw new ConfigError(problems.map((problem) => withoutSecrets(problem, tree)).toSorted(byPlace));
}

function substitutionOf(file: string, env: ConfigSource<z.ZodType>['env']): SubstitutionSource | undefined {
  return env === undefined ? undefined : { env, folder: dirname(file) };
}

/** A sentence about an option of a file that was read, with its place, as problems of the file are told. */
export function sentenceAt<S extends z.ZodType>({ file, env }: ConfigSource<S>, path: Path, message: string): string {
  return formatProblem(problemAt({ file, env, text: readText(file) }, path, message));
}

/** A problem that is found only when a text that was read is put to use, with its place. */
export function problemAt(
  { file, env, text }: Pick<ConfigSource<z.ZodType>, 'file' | 'env'> & { readonly text: string },
  path: Path,
  message: string,
): ConfigProblem {
  const tree = readYamlTree(file, text, substitutionOf(file, env));
  return withoutSecrets({ file, ...tree.placeOfKey(path), path: formatPath(path), message }, tree);
}

type ParsedData<S extends z.ZodType> =
  | { readonly success: true; readonly data: z.output<S>; readonly given: unknown }
  | { readonly success: false; readonly issues: readonly z.core.$ZodIssue[]; readonly given: unknown };

/**
 * What is substituted is text, but `port: ${PORT}` means a number. Only the schema knows, so a substituted text that it refuses is
 * offered once more as the number or truth value it reads as; a password of digits stays text.
 */
function parseData<S extends z.ZodType>(schema: S, tree: YamlTree): ParsedData<S> {
  let given = tree.data;
  let result = schema.safeParse(given, { error: acceptedWords });
  if (!result.success) {
    const again = new Map<string, unknown>();
    for (const path of pathsOf(result.error.issues)) {
      const value = valueAt(given, path);
      if (tree.written.has(pathKey(path)) && typeof value === 'string') again.set(pathKey(path), plainValue(value));
    }
    if (again.size > 0) {
      given = replaceAt(given, [], again);
      result = schema.safeParse(given, { error: acceptedWords });
    }
  }
  return result.success ? { success: true, data: result.data, given } : { success: false, issues: result.error.issues, given };
}

function pathsOf(issues: readonly z.core.$ZodIssue[], before: (string | number)[] = []): (string | number)[][] {
  return issues.flatMap((issue) => {
    const path = [...before, ...plainPath(issue.path)];
    const inner = issue.code === 'invalid_union' ? issue.errors.flatMap((errors) => pathsOf(errors, path)) : [];
    return [path, ...inner];
  });
}

function plainValue(text: string): unknown {
  if (text === 'true' || text === 'false') return text === 'true';
  return /^[-+]?\d+(?:\.\d+)?$/.test(text) ? Number(text) : text;
}

function replaceAt(value: unknown, path: readonly (string | number)[], replacements: ReadonlyMap<string, unknown>): unknown {
  const key = pathKey(path);
  if (replacements.has(key)) return replacements.get(key);
  if (Array.isArray(value)) return value.map((item, index) => replaceAt(item, [...path, index], replacements));
  if (value === null || typeof value !== 'object') return value;
  return Object.fromEntries(Object.entries(value).map(([name, item]) => [name, replaceAt(item, [...path, name], replacements)]));
}

/** A key that is missing because it is misspelt is one mistake: the misspelling says it. */
function withoutMistyped(problems: readonly ConfigProblem[]): ConfigProblem[] {
  const meant = new Set<string>();
  for (const { path, message, hint = '' } of problems) {
    const [, word] = /^did you mean "(.*)"\?$/.exec(hint) ?? [];
    if (message === 'is not an option' && word !== undefined) meant.add(path.replace(/(?:[\w-]+|"(?:[^"\\]|\\.)*")$/, word));
  }
  return problems.filter(({ path, message }) => !(meant.has(path) && message.startsWith('is missing')));
}

/** A message of the schema's own may quote the value. Very short values are left: they are numbers and names, not secrets. */
function withoutSecrets(problem: ConfigProblem, tree: YamlTree): ConfigProblem {
  let { message } = problem;
  for (const { value, written } of tree.secrets) {
    if (value.length > 3) message = message.replaceAll(value, written);
  }
  return { ...problem, message };
}

function byPlace(a: ConfigProblem, b: ConfigProblem): number {
  return (a.line ?? 0) - (b.line ?? 0) || (a.column ?? 0) - (b.column ?? 0);
}

function readText(file: string): string {
  const fail = (message: string, hint?: string): never => {
    throw new ConfigError([{ file, path: '', message, ...(hint !== undefined && { hint }) }]);
  };
  let content: Buffer;
  try {
    content = readFileSync(file);
  } catch (error) {
    return fail(`cannot be read: ${readFailure(error)}`, 'name another with --config FILE');
  }
  if (content.length > fileBytesMax) return fail(`holds ${content.length} bytes, at most ${fileBytesMax} are read`);
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(content);
  } catch {
    return fail('is not UTF-8 text');
  }
}

/** A file without options is likelier a write that went wrong than a wish for every default. */
function emptyFile(file: string, text: string): ConfigProblem {
  const what = text.trim() === '' ? 'the file is empty' : 'the file holds no option';
  return { file, line: 1, column: 1, path: '', message: what, hint: 'write {} if every default is meant' };
}
