import { writeFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { parseJson } from '../json.ts';
import { runPython } from '../python.ts';
import { type Verdict, verdictOf } from './check.ts';
import type { WrittenFile } from './rotating-file.ts';

const program = fileURLToPath(new URL('./check_elasticsearch.py', import.meta.url));

export interface CheckElasticsearchOptions {
  readonly url: string;
  readonly indices: readonly string[];
  readonly written: readonly WrittenFile[];
  /** Where what was written is noted for the checker. */
  readonly manifestPath: string;
}

/** Compares documents with the written files by Python's own library; objects are the indices they are in. */
export async function checkElasticsearch({ url, indices, written, manifestPath }: CheckElasticsearchOptions): Promise<Verdict> {
  await writeFile(manifestPath, JSON.stringify(written));
  return verdictOf(parseJson(await runPython(program, [url, manifestPath, ...indices])));
}
