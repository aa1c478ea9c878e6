/**
 * The fields that pipelines declare, by the log types that have them: what the templates of these types map. Of a pipeline that cannot be read
 * nothing is known; the hub goes on with the version before, and the template too, until the next set-up.
 */
import { ConfigError, parseConfig } from '@tributary/shared/options/config-file.ts';
import type { FieldType } from '../../../processing/conditions/field-types.ts';
import { sourceOf } from '../../../processing/definition/compiled-pipelines.ts';
import { pipelineSchema } from '../../../processing/definition/pipeline-schema.ts';
import { pipelineNameOf, type PipelineSet } from '../../../processing/definition/pipeline-set.ts';
import { presetSource } from '../../../processing/presets/presets.ts';
import type { TypeFields } from './setup-choice.ts';

type Fields = Readonly<Record<string, FieldType>>;
type Env = Readonly<Record<string, string | undefined>>;

export interface TypeFieldsRequest {
  readonly set: PipelineSet;
  readonly env: Env;
  /** Those that the output has; undefined: all. */
  readonly tenants: readonly string[] | undefined;
  readonly types: readonly string[] | undefined;
}

const presetDepthMax = 5;

/** Only of types that declare some. Of one that has other pipelines for other tenants, where no tenants are named, what all of them declare. */
export function typeFieldsOf({ set, env, tenants, types }: TypeFieldsRequest): TypeFields[] {
  const named = new Set([...set.sources.map(({ name }) => name), ...set.rules.flatMap(({ type }) => type ?? [])]);
  const chosen = [...named].filter((type) => types === undefined || types.includes(type)).toSorted();
  return chosen.flatMap((type) =>
    (tenants ?? [undefined]).flatMap((tenant) => {
      const fields = fieldsOfAll(namesFor(set, type, tenant), set, env);
      return Object.keys(fields).length === 0 ? [] : [{ type, tenant, fields }];
    }),
  );
}

function namesFor(set: PipelineSet, type: string, tenant: string | undefined): string[] {
  const tenants = tenant === undefined ? [...set.rules.flatMap((rule) => rule.tenant ?? []), ''] : [tenant];
  return [...new Set(tenants.flatMap((one) => pipelineNameOf(set, `${one}/${type}`) ?? []))];
}

/** Where two give a field other types neither holds: the first document decides, as without. */
function fieldsOfAll(names: readonly string[], set: PipelineSet, env: Env): Fields {
  const found = new Map<string, Set<FieldType>>();
  for (const name of names)
    for (const [field, type] of Object.entries(fieldsOf(name, { set, env, depth: 0 })))
      found.getOrInsertComputed(field, () => new Set()).add(type);
  return Object.fromEntries(
    [...found].flatMap(([field, [type, other]]) => (type === undefined || other !== undefined ? [] : [[field, type]])),
  );
}

/** With those of the presets that it has steps of. */
function fieldsOf(
  name: string,
  { set, env, depth }: { readonly set: PipelineSet; readonly env: Env; readonly depth: number },
): Fields {
  const source = depth === 0 ? sourceOf(set, name) : presetSource(name);
  if (source === undefined || depth > presetDepthMax) return {};
  try {
    const { fields, steps } = parseConfig({ file: source.file, text: source.text, schema: pipelineSchema, env });
    const presets = steps.flatMap(({ preset }) => preset ?? []);
    return Object.assign({}, ...presets.map((preset) => fieldsOf(preset, { set, env, depth: depth + 1 })), fields);
  } catch (error) {
    if (error instanceof ConfigError) return {};
    throw error;
  }
}
