import { writeFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { at, isObject, listAt, numberAt, parseJson } from '../json.ts';
import { runPython } from '../python.ts';
import type { Verdict } from './check.ts';
import type { PipelineName } from './pipeline-files.ts';
import type { TypedFile } from './typed-writer.ts';

export interface PipelinesVerdict extends Verdict {
  /** Lines by what became of them. */
  readonly ends: Readonly<Record<string, number>>;
  /** What the hub's store keeps, with reasons. */
  readonly deadLetters: readonly string[];
}

export interface CheckPipelinesOptions {
  readonly archive: string;
  readonly hubDb: string;
  readonly manifestPath: string;
  readonly files: readonly TypedFile[];
  readonly versions: Readonly<Record<PipelineName, number>>;
}

const program = fileURLToPath(new URL('./check_pipelines.py', import.meta.url));

/** Holds every written line to the rule of its type, by `zstd -dc` and Python. */
export async function checkPipelines(options: CheckPipelinesOptions): Promise<PipelinesVerdict> {
  const { archive, hubDb, manifestPath, files, versions } = options;
  await writeFile(manifestPath, JSON.stringify({ files, versions }));
  const result = parseJson(await runPython(program, [archive, manifestPath, hubDb]));
  const ends = at(result, 'ends');
  const count = (name: string): number => numberAt(result, name);
  return {
    written: count('written'),
    arrived: count('arrived'),
    lost: count('lost'),
    doubled: count('doubled'),
    disordered: count('disordered'),
    foreign: count('foreign') + count('misplaced'),
    mismatched: count('mismatched'),
    incomplete: 0,
    rows: count('rows'),
    streams: count('streams'),
    objects: count('objects'),
    examples: listAt(result, 'examples').map(String),
    ends: isObject(ends) ? Object.fromEntries(Object.entries(ends).map(([end, lines]) => [end, Number(lines)])) : {},
    deadLetters: listAt(result, 'dead_letters').map(String),
  };
}
