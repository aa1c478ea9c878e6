import { readFileSync, existsSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';

/** The folder of the checkout. */
export const repositoryRoot: string = dirname(dirname(fileURLToPath(import.meta.url)));

/** The folder the person stood in: paths they type are relative to it. The bootstrap hands it on. */
export const startingFolder: string = process.env['INIT_CWD'] ?? process.cwd();

/** Gives a typed path its absolute form. */
export function resolveTyped(path: string): string {
  return resolve(startingFolder, path);
}

export function inRepository(...parts: readonly string[]): string {
  return join(repositoryRoot, ...parts);
}

export function existsInRepository(path: string): boolean {
  return existsSync(inRepository(path));
}

export function readVersion(): string {
  const manifest: unknown = JSON.parse(readFileSync(inRepository('package.json'), 'utf8'));
  const version = typeof manifest === 'object' && manifest !== null && 'version' in manifest ? manifest.version : undefined;
  return typeof version === 'string' ? version : 'unknown';
}
