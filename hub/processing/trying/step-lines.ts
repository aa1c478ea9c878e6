/** Where in a pipeline's file its steps stand: those of a preset at the item that names it. */
import { readYamlTree } from '@tributary/shared/options/yaml-tree.ts';
import type { CompiledStep } from '../definition/compile.ts';
import type { PipelineSource } from '../definition/pipeline-set.ts';

export function stepLines(
  { file, text }: PipelineSource,
  steps: readonly Pick<CompiledStep, 'item'>[],
): readonly (number | undefined)[] {
  const tree = readYamlTree(file, text, undefined);
  return steps.map(({ item }) => (item === undefined ? undefined : tree.placeOfKey(['steps', item]).line));
}
