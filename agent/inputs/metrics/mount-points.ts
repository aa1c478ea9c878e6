import { matchesGlob } from 'node:path';

/** By globs of mount points, as people write them: with a slash at their end or without. */
export function isLeftOut(point: string, globs: readonly string[]): boolean {
  return globs.some((given) => {
    const glob = given.length > 1 && given.endsWith('/') ? given.slice(0, -1) : given;
    return glob === point || matchesGlob(point, glob);
  });
}
