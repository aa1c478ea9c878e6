import { accessSync, constants, globSync, statSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { inRepository, resolveTyped } from '../repository.ts';

export interface StartOptions {
  readonly mode: 'follow' | 'once' | 'help';
  /** Absolute paths and globs; empty: the log writer's file. */
  readonly files: readonly string[];
  readonly dataDir: string;
  /** As it was typed, for the commands we suggest. */
  readonly typedDataDir: string | undefined;
  readonly rate: number;
}

/** A mistake of the person: told in a sentence, with the exit code that the products use for it too. */
export class UsageError extends Error {
  readonly exitCode: number;

  constructor(message: string, exitCode = 2) {
    super(message);
    this.exitCode = exitCode;
  }
}

export const startHelp = `npm start [-- [FILE…] [--data DIR] [--rate N]]
    Starts a hub and an agent on this machine and follows the files until Ctrl-C. FILE may be a glob in quotes.
    What happens is shown by a page, whose address and first password are printed.
    Without a file, a small log writer of ours writes an access log to a temporary file: N lines a second (200).

npm start -- --once FILE…
    Ships the files, waits until all of it is in the archive, prints a line of figures per file, and ends.
    The same file again adds nothing.

    --data DIR   where positions, queue and archive are kept (.local/start in the repository)

npm run search -- [--data DIR] PATTERN
    Searches the archive; \`npm run search -- --help\` tells of more.
`;

const rateMax = 100_000;

export function parseStartOptions(args: readonly string[]): StartOptions {
  const { values, positionals } = readArguments(args);
  const dataDir = values.data === undefined ? inRepository('.local', 'start') : resolveTyped(values.data);
  const rate = Number(values.rate);
  if (!(rate > 0) || rate > rateMax)
    throw new UsageError(`--rate takes a number of lines a second up to ${rateMax}, not ${values.rate}.`);
  const common = { dataDir, typedDataDir: values.data, rate };
  if (values.help) return { ...common, mode: 'help', files: [] };
  if (!values.once) return { ...common, mode: 'follow', files: positionals.map((typed) => checkFollowed(typed)) };
  if (positionals.length === 0) throw new UsageError('--once needs the files to ship: npm start -- --once FILE…');
  const files = positionals.flatMap((typed) => expandOnce(typed));
  return { ...common, mode: 'once', files: [...new Set(files)] };
}

function readArguments(args: readonly string[]): {
  readonly values: { once: boolean; help: boolean; data?: string; rate: string };
  readonly positionals: string[];
} {
  try {
    const { values, positionals } = parseArgs({
      args: [...args],
      allowPositionals: true,
      options: {
        once: { type: 'boolean', default: false },
        help: { type: 'boolean', short: 'h', default: false },
        data: { type: 'string' },
        rate: { type: 'string', default: '200' },
      },
    });
    return { values, positionals };
  } catch (error) {
    throw new UsageError(`${error instanceof Error ? error.message : String(error)}\n\n${startHelp.trimEnd()}`);
  }
}

/** A followed file must be there now, or be a glob: a name that is not there is far more often a slip than a file to come. */
function checkFollowed(typed: string): string {
  if (!isGlob(typed)) checkFile(typed);
  else if (findByGlob(typed).length === 0)
    process.stderr.write(`npm start: nothing fits ${typed} yet; files that appear are followed.\n`);
  return existsLiterally(typed) ? escapeGlob(resolveTyped(typed)) : resolveTyped(typed);
}

function expandOnce(typed: string): string[] {
  if (!isGlob(typed)) {
    checkFile(typed);
    return [resolveTyped(typed)];
  }
  const found = findByGlob(typed);
  if (found.length === 0) throw new UsageError(`no file fits ${typed}.`);
  for (const file of found) checkFile(file);
  return found;
}

function isGlob(typed: string): boolean {
  return /[*?[{]/.test(typed) && !existsLiterally(typed);
}

function existsLiterally(typed: string): boolean {
  return statSync(resolveTyped(typed), { throwIfNoEntry: false }) !== undefined;
}

function findByGlob(typed: string): string[] {
  const found = globSync(resolveTyped(typed)).filter((file) => statSync(file, { throwIfNoEntry: false })?.isFile() === true);
  return found.toSorted((a, b) => a.localeCompare(b));
}

function checkFile(typed: string): void {
  const path = resolveTyped(typed);
  const stat = statSync(path, { throwIfNoEntry: false });
  if (stat === undefined)
    throw new UsageError(`${typed}: there is no such file${path === typed ? '' : ` (looked for ${path})`}.`);
  if (stat.isDirectory())
    throw new UsageError(`${typed} is a folder; name files, or a glob such as '${typed.replace(/\/$/, '')}/*.log'.`);
  if (!stat.isFile()) throw new UsageError(`${typed} is not a regular file.`);
  try {
    accessSync(path, constants.R_OK);
  } catch {
    throw new UsageError(`${typed} cannot be read: permission denied.`, 1);
  }
}

/** The agent reads patterns; in the name of a file that exists the characters of a glob mean themselves. */
function escapeGlob(path: string): string {
  return path.replaceAll(/[*?[\]{}]/g, '[$&]');
}
