import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';

/**
 * The notices of everything in an executable that is not ours. Their authors ask that it travels with every copy, and bundling
 * drops it from the code.
 */
export function licenseNotices(inputs: readonly string[], nodeBinary: string): string {
  const packages = new Map<string, string>();
  for (const input of inputs) {
    const [, folder, name] = /^(.*node_modules\/((?:@[^/]+\/)?[^/]+))\//.exec(input) ?? [];
    if (folder !== undefined && name !== undefined) packages.set(name, folder);
  }
  const sections = [...packages].toSorted(([a], [b]) => (a < b ? -1 : 1)).map(([name, folder]) => [name, licenseIn(folder)]);
  sections.push(['Node.js', licenseIn(join(dirname(nodeBinary), '..'))]);
  return sections.map(([name, text]) => `==== ${name}\n\n${text}\n`).join('\n');
}

function licenseIn(folder: string): string {
  const file = readdirSync(folder).find((name) => /^licen[cs]e(?:\.\w+)?$/i.test(name));
  return file === undefined ? 'The package has no license file.' : readFileSync(join(folder, file), 'utf8').trim();
}
