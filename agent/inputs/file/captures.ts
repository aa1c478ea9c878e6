import { LinearPattern, patternProblem } from '@tributary/shared/linear-pattern.ts';

/** Labels with groups of a regular expression in them: `$1`, `$<name>`. */
const reference = /\$(?:(\d{1,2})|<([^>]*)>)/g;

export interface CaptureRule {
  readonly pattern?: string | undefined;
  readonly labels: Readonly<Record<string, string>>;
}

export interface CaptureProblem {
  readonly field: 'pattern' | 'labels';
  readonly message: string;
}

/** What is wrong with a rule; undefined: nothing. */
export function captureProblem({ pattern, labels }: CaptureRule): CaptureProblem | undefined {
  const used = Object.values(labels).flatMap((value) =>
    [...value.matchAll(reference)].map(([, number, name]) => number ?? name ?? ''),
  );
  if (pattern === undefined) {
    return used.length === 0 ? undefined : { field: 'labels', message: 'use groups of `pattern`, and there is none' };
  }
  const problem = patternProblem(pattern);
  if (problem !== undefined) return { field: 'pattern', message: problem };
  // An expression that also matches nothing tells its groups.
  const groups = new LinearPattern(`${pattern}|`).exec('');
  const names = new Set(Object.keys(groups?.groups ?? {}));
  const missing = used.find((name) =>
    /^\d+$/.test(name) ? Number(name) === 0 || Number(name) >= (groups?.length ?? 0) : !names.has(name),
  );
  if (missing === undefined) return undefined;
  return { field: 'labels', message: `use group ${JSON.stringify(missing)}, which \`pattern\` does not have` };
}

/** The labels of a path that matched; those that come out empty are left out. */
export function captureLabels(
  labels: Readonly<Record<string, string>>,
  match: RegExpExecArray | undefined,
): Record<string, string> {
  const filled: Record<string, string> = {};
  for (const [label, value] of Object.entries(labels)) {
    const text = value.replaceAll(reference, (whole: string, number: string | undefined, name: string | undefined) => {
      if (match === undefined) return whole;
      return (number === undefined ? match.groups?.[name ?? ''] : match[Number(number)]) ?? '';
    });
    if (text !== '') filled[label] = text;
  }
  return filled;
}
