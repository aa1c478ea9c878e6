import { writeFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { listAt, numberAt, parseJson } from '../json.ts';
import { runPython } from '../python.ts';
import type { WrittenFile } from './rotating-file.ts';

/** What check_archive.py counts; its opening comment says what each word means. */
export interface Verdict {
  readonly written: number;
  readonly arrived: number;
  readonly lost: number;
  readonly doubled: number;
  readonly disordered: number;
  readonly foreign: number;
  readonly mismatched: number;
  readonly incomplete: number;
  readonly rows: number;
  readonly streams: number;
  readonly objects: number;
  readonly examples: readonly string[];
}

const program = fileURLToPath(new URL('./check_archive.py', import.meta.url));

export interface CheckOptions {
  readonly archive: string;
  readonly written: readonly WrittenFile[];
  /** Where what was written is noted for the checker. */
  readonly manifestPath: string;
  /** Only what is archived for this tenant. */
  readonly tenant?: string;
}

/** Compares an archive folder with the written files by `zstd -dc` and Python's csv module. */
export async function checkArchive({ archive, written, manifestPath, tenant }: CheckOptions): Promise<Verdict> {
  await writeFile(manifestPath, JSON.stringify(written));
  const args = [archive, manifestPath, ...(tenant === undefined ? [] : [tenant])];
  return verdictOf(parseJson(await runPython(program, args)));
}

export function isClean(verdict: Verdict): boolean {
  const { written, arrived, lost, doubled, disordered, foreign, mismatched, incomplete } = verdict;
  return written === arrived && lost + doubled + disordered + foreign + mismatched + incomplete === 0;
}

export function verdictOf(result: unknown): Verdict {
  return {
    written: numberAt(result, 'written'),
    arrived: numberAt(result, 'arrived'),
    lost: numberAt(result, 'lost'),
    doubled: numberAt(result, 'doubled'),
    disordered: numberAt(result, 'disordered'),
    foreign: numberAt(result, 'foreign'),
    mismatched: numberAt(result, 'mismatched'),
    incomplete: numberAt(result, 'incomplete'),
    rows: numberAt(result, 'rows'),
    streams: numberAt(result, 'streams'),
    objects: numberAt(result, 'objects'),
    examples: listAt(result, 'examples').map(String),
  };
}
