import { relative } from 'node:path';
import { startingFolder } from '../repository.ts';

export function say(text: string): void {
  process.stdout.write(`${text}\n`);
}

/** A path as the person would type it from where they stand, when that is shorter. */
export function displayPath(path: string): string {
  const typed = relative(startingFolder, path);
  return quote(typed !== '' && !typed.startsWith('..') ? typed : path);
}

/** The command that searches what this start archives. */
export function searchCommand(typedDataDir: string | undefined, pattern: string): string {
  const data = typedDataDir === undefined ? '' : `--data ${quote(typedDataDir)} `;
  return `npm run search -- ${data}${pattern}`;
}

function quote(text: string): string {
  return /^[\w./:=@%+,*~-]+$/.test(text) ? text : `'${text.replaceAll("'", `'\\''`)}'`;
}
