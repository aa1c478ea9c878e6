/** docs/FILE-CASES.md, made of the cases themselves: `node test/conformance/write-page.ts`. */
import type { CaseGroup, FileCase, Interruption } from './file-case.ts';
import { groups } from './groups.ts';

export const pagePath = 'docs/FILE-CASES.md';

/** Where nothing else is said. */
const usualResult = 'each line once, in order';

const interruptions: Readonly<Record<Interruption, string>> = {
  none: 'The agent and the hub run all the time.',
  'agent-stopped': 'Where something happens “while stopped”, the agent is ended by SIGTERM before and started again after.',
  'agent-killed': 'The agent is killed (`kill -9`), the files are changed, and it is started again.',
  'agent-paused':
    'The agent is stopped by SIGSTOP, the files are changed, and it goes on by SIGCONT: it sees only what came of it.',
  'hub-stopped': 'The hub is stopped, the files are changed while the agent reads them, and the hub is started again.',
};

export function fileCasesPage(): string {
  const count = groups.reduce((sum, { cases }) => sum + cases.length, 0);
  const parts = [head(count), ...groups.map(section)];
  return `${parts.join('\n\n')}\n`;
}

function head(count: number): string {
  return `# File cases

What may happen to log files, and what becomes of their lines. Each of the ${count} rows is a test (\`test/conformance/cases/\`): a real agent
reads files in a folder of the case's own and ships them to a real hub; in the end the archive is read by \`zstd -dc\` and Python's
\`csv\`, and every record that was to come must be there once, with its very bytes, in the order of its file, and nothing else. Before
that a new agent looks at all files once more, so that whatever it would take for new is noticed, and a loss that the agent tells of where
nothing is missing fails the case too. The cases of a group share one agent and one hub; \`CASE=name npm test -- test/conformance\` runs one
alone.

Beside a row stands what other programs do where their documentation or their issues say so. Under each group stands how the code was
broken by hand once, and which rows failed then. \`node test/conformance/write-page.ts\` makes this page from the cases.

Where nothing else is said, the result is: ${usualResult}.`;
}

function section(group: CaseGroup): string {
  const { title, cases, interruption, broken, unprivileged = false } = group;
  const rights = unprivileged ? ' The agent runs as a user who may not read everything.' : '';
  const rows = cases.map(row);
  const header = ['| case | what happens, and how | result | others |', '| --- | --- | --- | --- |'];
  const red = `Broken once: ${broken.change}. Failed then: ${broken.failed.map((name) => `\`${name}\``).join(', ')}.`;
  return [`## ${title}`, `${interruptions[interruption]}${rights}`, [...header, ...rows].join('\n'), red].join('\n\n');
}

function row({ name, title, how, result = usualResult, others = [] }: FileCase): string {
  const what = how === undefined ? title : `${title} (${how})`;
  const rest = others.map(({ program, says, reference }) => `[${program}](${reference}): ${says}`).join('; ');
  return `| \`${name}\` | ${cell(what)} | ${cell(result)} | ${cell(rest)} |`;
}

function cell(text: string): string {
  return text.replaceAll('|', String.raw`\|`).replaceAll('\n', ' ');
}
