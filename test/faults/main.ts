/**
 * npm run faults -- [--json] [--list] [--page] [NAME…]
 *
 * Makes each fault of the matrix for real and prints a row of it: the node, its colour, how many seconds it took to show and to be as before,
 * and what else changed. Exit codes: 0 all are as they should be, 1 one is not, 2 usage.
 */
import { parseArgs } from 'node:util';
import type { FaultRow } from './fault.ts';
import { matrix } from './matrix.ts';
import { faultsPage } from './page.ts';

const usage = `usage: npm run faults -- [--json] [--list] [--page] [NAME…]
A NAME is that of a fault or of a bed; --list tells them all, --page prints docs/FAULTS.md.
`;

const names = new Set(matrix.flatMap(({ bed, faults }) => [bed, ...faults.map(({ name }) => name)]));

class UsageError extends Error {}

async function main(): Promise<number> {
  const flag = { type: 'boolean', default: false } as const;
  const { values, positionals } = parseArgs({ options: { json: flag, list: flag, page: flag }, allowPositionals: true });
  const unknown = positionals.find((name) => !names.has(name));
  if (unknown !== undefined) throw new UsageError(`there is no fault ${unknown}`);
  if (values.page) {
    process.stdout.write(faultsPage(matrix));
    return 0;
  }
  let failed = 0;
  for (const batch of matrix) {
    const isWanted = (name: string): boolean =>
      positionals.length === 0 || [name, batch.bed].some((one) => positionals.includes(one));
    const wanted = new Set(batch.faults.map(({ name }) => name).filter(isWanted));
    if (wanted.size === 0) continue;
    if (values.list) {
      process.stdout.write([...wanted].map((name) => `${batch.bed.padEnd(8)} ${name}\n`).join(''));
      continue;
    }
    const reason = await batch.cannot();
    if (reason !== undefined) {
      failed += wanted.size;
      process.stdout.write(`${batch.bed}: not made: ${reason}\n`);
      continue;
    }
    await batch.run(wanted, (row) => {
      failed += isRight(row) ? 0 : 1;
      process.stdout.write(values.json ? `${JSON.stringify(row)}\n` : rowText(row));
    });
  }
  return failed > 0 ? 1 : 0;
}

function isRight({ problems, late }: Pick<FaultRow, 'problems' | 'late'>): boolean {
  return problems.length === 0 && late.length === 0;
}

function rowText({ name, node, colour, secondsToColour, secondsBack, reason, also, ...row }: FaultRow): string {
  const verdict = isRight(row) ? 'ok  ' : 'FAIL';
  const times = `${secondsText(secondsToColour)} to ${colour.padEnd(7)} ${secondsText(secondsBack)} back`;
  const lines = [
    `${verdict} ${name.padEnd(24)} ${times}  ${node}`,
    `       ${reason}`,
    ...also.map((one) => `     + ${one}`),
    ...[...row.problems, ...row.late].map((one) => `     ! ${one}`),
  ];
  return `${lines.join('\n')}\n`;
}

function secondsText(seconds: number | undefined): string {
  return (seconds === undefined ? 'never' : `${seconds.toFixed(1)} s`).padStart(7);
}

try {
  process.exitCode = await main();
} catch (error) {
  const isUsage = error instanceof UsageError || (error instanceof TypeError && 'code' in error);
  process.stderr.write(
    isUsage ? `${error.message}\n${usage}` : `${error instanceof Error ? (error.stack ?? '') : String(error)}\n`,
  );
  process.exitCode = isUsage ? 2 : 1;
}
