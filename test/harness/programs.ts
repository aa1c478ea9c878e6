import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

export const repositoryRoot: string = fileURLToPath(new URL('../../', import.meta.url));

/** A command and its first arguments. */
export type Command = readonly [string, ...string[]];

/** How the two products are started: from source, or as shipped. */
export interface Programs {
  readonly kind: 'source' | 'binaries';
  readonly agent: Command;
  readonly hub: Command;
}

export const sourcePrograms: Programs = {
  kind: 'source',
  agent: [process.execPath, join(repositoryRoot, 'agent/main.ts')],
  hub: [process.execPath, join(repositoryRoot, 'hub/main.ts')],
};

export const binaryPrograms: Programs = {
  kind: 'binaries',
  agent: [join(repositoryRoot, 'dist/tributary-agent')],
  hub: [join(repositoryRoot, 'dist/tributary-hub')],
};

export function binariesBuilt(): boolean {
  return existsSync(binaryPrograms.agent[0]) && existsSync(binaryPrograms.hub[0]);
}
