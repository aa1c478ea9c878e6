import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { repositoryRoot } from './programs.ts';

/** The block of a documentation page behind `<!-- tested: name -->`, with places and ports replaced by those of a test. */
export function docsSnippet(page: string, name: string, replacements: Readonly<Record<string, string>>): string {
  const text = readFileSync(join(repositoryRoot, page), 'utf8');
  const found = text.split(`<!-- tested: ${name} -->`)[1];
  const block = /```[\w-]+\n([\s\S]*?)```/.exec(found ?? '')?.[1];
  if (block === undefined) throw new Error(`${page} has no block that is tested as ${name}`);
  let snippet = block;
  for (const [written, actual] of Object.entries(replacements)) {
    if (!snippet.includes(written)) throw new Error(`the block ${name} of ${page} does not say ${written}`);
    snippet = snippet.replaceAll(written, actual);
  }
  return snippet;
}
