/** What is good in a pipeline's file that is not: its mistakes of other kinds are told together with those of its form. */
import { ConfigError, parseConfig } from '@tributary/shared/options/config-file.ts';
import { suggest } from '@tributary/shared/options/suggest.ts';
import * as z from 'zod';
import type { CompileHost } from './compile.ts';
import { ownFields, type PipelineFile, pipelineStep, stepKinds } from './pipeline-schema.ts';
import type { PipelineSource } from './pipeline-set.ts';

export interface GoodParts {
  readonly fields: PipelineFile['fields'];
  /** Each at its place; undefined where it is bad. */
  readonly steps: readonly (PipelineFile['steps'][number] | undefined)[];
  /** False where fields may be declared by what is bad: an expression that names one cannot be judged. */
  readonly areFieldsKnown: boolean;
}

const anyFile = z.strictObject({
  description: z.unknown().optional(),
  fields: z.unknown().optional(),
  steps: z.array(z.unknown()).max(200),
});

/** Undefined where nothing can be told of its parts. */
export function goodParts({ file, text }: PipelineSource, env: CompileHost['env']): GoodParts | undefined {
  try {
    const given = parseConfig({ file, text, schema: anyFile, env });
    const fields = ownFields.safeParse(given.fields);
    const steps = given.steps.map((item) => pipelineStep.safeParse(item).data);
    const mayHidePreset = steps.some((step, index) => step === undefined && mayBePreset(given.steps[index]));
    return { fields: fields.data ?? {}, steps, areFieldsKnown: fields.success && !mayHidePreset };
  } catch (error) {
    if (error instanceof ConfigError) return undefined;
    throw error;
  }
}

/** Whoever wrote it may have meant one, whose fields the steps behind it name. */
function mayBePreset(item: unknown): boolean {
  if (typeof item !== 'object' || item === null) return true;
  return Object.keys(item).some((key) => suggest(key, stepKinds) === 'preset');
}
