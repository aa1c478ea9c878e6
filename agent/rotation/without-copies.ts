import type { InputConfig } from '../options.ts';
import { copiesOf } from './naming.ts';
import type { RotationGroupOptions } from './options.ts';

/**
 * The inputs, none of which reads what rotation makes of files that were read already: compressed files, and the copies of
 * `copytruncate`. A glob such as `app.log*` would match them.
 */
export function withoutCopies(
  inputs: readonly InputConfig[],
  groups: readonly Pick<RotationGroupOptions, 'paths' | 'mode'>[],
): readonly InputConfig[] {
  const copies = groups.flatMap((group) => copiesOf(group));
  if (copies.length === 0) return inputs;
  return inputs.map((input) => (input.kind === 'file' ? { ...input, exclude: [...input.exclude, ...copies] } : input));
}
