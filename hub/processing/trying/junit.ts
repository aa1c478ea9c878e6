/** Results as the XML that CI systems read. */
import { formatProblem } from '@tributary/shared/options/problem.ts';
import type { FileResult } from './run-cases.ts';

export function junitText(results: readonly FileResult[]): string {
  const suites = results.flatMap(({ pipeline, file, cases }) => {
    if (file === undefined) return [];
    const failures = cases.filter(({ problems }) => problems.length > 0).length;
    const inner = cases.map(({ name, ms, problems }) => {
      const head = `    <testcase classname="${escaped(pipeline)}" name="${escaped(name)}" file="${escaped(file)}" time="${seconds(ms)}"`;
      if (problems.length === 0) return `${head}/>`;
      const told = problems.map(formatProblem).join('\n');
      return `${head}>\n      <failure message="${escaped(problems[0]?.message.split('\n')[0] ?? '')}">${escaped(told)}</failure>\n    </testcase>`;
    });
    const time = seconds(cases.reduce((sum, { ms }) => sum + ms, 0));
    return [
      `  <testsuite name="${escaped(pipeline)}" tests="${cases.length}" failures="${failures}" errors="0" time="${time}">\n${inner.join('\n')}\n  </testsuite>`,
    ];
  });
  return `<?xml version="1.0" encoding="UTF-8"?>\n<testsuites>\n${suites.join('\n')}\n</testsuites>\n`;
}

function seconds(ms: number): string {
  return (ms / 1000).toFixed(3);
}

/** Characters that XML has no way to write become U+FFFD. */
function escaped(text: string): string {
  return (
    text
      .toWellFormed()
      // eslint-disable-next-line no-control-regex
      .replaceAll(/[\u0000-\u0008\u000b\u000c\u000e-\u001f\ufffe\uffff]/g, '\ufffd')
      .replaceAll('&', '&amp;')
      .replaceAll('<', '&lt;')
      .replaceAll('>', '&gt;')
      .replaceAll('"', '&quot;')
      .replaceAll('\n', '&#10;')
  );
}
