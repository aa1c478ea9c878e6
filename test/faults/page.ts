/** docs/FAULTS.md: the matrix as people read it, made of the same rows that are run. */
import type { Batch } from './fault.ts';

type Row = Batch['faults'][number];

const top = `# Faults, and what health says of them

Each of these faults is made for real, in programs that run: \`npm run faults\` makes all of them and prints a row each, \`npm run faults -- NAME\`
one of them, or those of one bed. Within 15 seconds after the fault its node of the tree of health (\`GET /api/v1/health\`, [health](operating/health.md))
has the colour with the reason that belongs to it, and within 15 seconds after the repair everything is as it was before, and stays so. All nodes
are looked at four times a second from before the fault until after that: whatever any of them says meanwhile is the reason of the fault, or one
that belongs to what depends on it, and is never worse than the fault; what says nothing itself changes its colour only as what is below it does.

Nodes are named here as people call them: \`agent/web\` has the id of that agent in the place of \`web\`, and \`*\` stands for any text. Of what a node
says a part is shown: \`…\` stands for any text, N for digits. This page is
made of the rows that are run (\`npm run --silent faults -- --page > docs/FAULTS.md\`), and a test fails when it is another.
`;

export function faultsPage(matrix: readonly Batch[]): string {
  return [top, ...matrix.map(sectionOf), notesOf(matrix)].join('\n');
}

function sectionOf({ bed, about, faults }: Batch): string {
  const head = ['fault', 'what is done', 'the repair', 'node', 'colour', 'what it says', 'may change with it'];
  const rows = faults.map((fault) => [
    `\`${fault.name}\``,
    fault.what,
    fault.mended,
    `\`${fault.node}\``,
    fault.colour,
    textOf(fault.reason),
    Object.keys(fault.also ?? {})
      .map((node) => `\`${node}\``)
      .join(', '),
  ]);
  return `## ${bed}: ${about}\n\n${table([head, ...rows])}`;
}

/** As people read a pattern: `…` stands for any text, `N` for a digit or more. */
function textOf({ source }: RegExp): string {
  return source
    .replaceAll(/\\d\+?/g, 'N')
    .replaceAll('.*', '…')
    .replaceAll(/\\(.)/g, '$1')
    .replaceAll('|', '\\|');
}

function notesOf(matrix: readonly Batch[]): string {
  const all = matrix.flatMap(({ faults }) => faults);
  return [
    '## Not made quite for real\n',
    ...listOf(all, ({ unreal }) => unreal),
    '\n## Not as they should be yet\n',
    ...listOf(all, ({ missing }) => missing),
    '',
  ].join('\n');
}

function listOf(all: readonly Row[], tells: (row: Row) => string | undefined): string[] {
  const found = all.flatMap((row) => {
    const told = tells(row);
    return told === undefined ? [] : [`- \`${row.name}\`: ${told}.`];
  });
  return found.length === 0 ? ['None.'] : found;
}

/** As oxfmt has it: each column as wide as its widest cell. */
function table(rows: readonly (readonly string[])[]): string {
  const widths = (rows[0] ?? []).map((_, column) => Math.max(...rows.map((row) => (row[column] ?? '').length)));
  const line = (cells: readonly string[]): string =>
    `| ${cells.map((cell, column) => cell.padEnd(widths[column] ?? 0)).join(' | ')} |\n`;
  const [head = [], ...rest] = rows;
  return [head, widths.map((width) => '-'.repeat(width)), ...rest].map(line).join('');
}
