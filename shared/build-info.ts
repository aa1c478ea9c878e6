import { readFileSync } from 'node:fs';

/** Put in by the packaging; in the repository it does not exist. */
declare const tributaryVersion: string | undefined;

/** The version that `--version` prints: inside a bundle the one it was built of, else that of the repository. */
export function productVersion(): string {
  return typeof tributaryVersion === 'undefined' ? repositoryVersion() : tributaryVersion;
}

/** The version in the repository's package.json. */
export function repositoryVersion(): string {
  const manifest: unknown = JSON.parse(readFileSync(new URL('../package.json', import.meta.url), 'utf8'));
  const version = typeof manifest === 'object' && manifest !== null && 'version' in manifest ? manifest.version : undefined;
  if (typeof version !== 'string') throw new TypeError('package.json has no version');
  return version;
}
