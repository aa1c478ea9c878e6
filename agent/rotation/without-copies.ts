import { realpathSync } from 'node:fs';
import { baseOf } from '../inputs/file/folder-tree.ts';
import type { InputConfig } from '../options.ts';
import { copiesOf } from './naming.ts';
import type { RotationGroupOptions } from './options.ts';

/**
 * The inputs, none of which reads what rotation makes of files that were read already: compressed files, and the copies of
 * `copytruncate`. A glob such as `app.log*` would match them, also by another way to the same folder.
 */
export function withoutCopies(
  inputs: readonly InputConfig[],
  groups: readonly Pick<RotationGroupOptions, 'paths' | 'mode'>[],
): readonly InputConfig[] {
  if (groups.length === 0) return inputs;
  return inputs.map((input) => {
    if (input.kind !== 'file') return input;
    const copies = groups.flatMap(({ paths, mode }) => copiesOf({ mode, paths: waysTo(paths, input.paths) }));
    return { ...input, exclude: [...input.exclude, ...copies] };
  });
}

/** The patterns of a group as they are, and as an input names them that comes to the same folders through a link. */
function waysTo(paths: readonly string[], inputPaths: readonly string[]): readonly string[] {
  const ways = new Set(paths);
  for (const path of paths) {
    const folder = baseOf(path);
    const real = realFolder(folder) + path.slice(folder.length);
    ways.add(real);
    for (const inputFolder of inputPaths.map((inputPath) => baseOf(inputPath))) {
      const realInput = realFolder(inputFolder);
      if (real.startsWith(`${realInput}/`)) ways.add(inputFolder + real.slice(realInput.length));
    }
  }
  return [...ways];
}

/** A folder that is not there yet is its own name. */
function realFolder(folder: string): string {
  try {
    return realpathSync(folder);
  } catch {
    return folder;
  }
}
