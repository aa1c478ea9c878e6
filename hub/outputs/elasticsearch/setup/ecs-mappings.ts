/**
 * The mapping that all indices share: ECS, from the table that ships with the hub (processing/ecs). Few fields are in it from the beginning
 * (core-fields.ts). For the rest there are rules: what ECS has a type for gets it, by the field's whole name; a number where ECS wants a keyword
 * (`error.code: 500`) becomes one, so that the next document may say `E500`; any other text is a keyword, any other number is what it is.
 *
 * Nothing is guessed from a text: one that looks like a date or a number stays a keyword, unless ECS or the pipeline's `fields` say otherwise.
 */
import type { estypes } from '@elastic/elasticsearch';
import type { FieldType, SingleFieldType } from '../../../processing/conditions/field-types.ts';
import { ecsFields } from '../../../processing/ecs/ecs-fields.ts';
import { coreFields } from './core-fields.ts';
import { keywordMapping, mappingOf, nestedProperties, singleTypeOf } from './field-mappings.ts';
import type { ServerAbilities } from './server-abilities.ts';
import { managedBy } from './setup-item.ts';

type Mappings = estypes.MappingTypeMapping;
type DynamicTemplates = NonNullable<Mappings['dynamic_templates']>;

/** They are there by what is below them. */
const impliedTypes: ReadonlySet<SingleFieldType> = new Set(['object']);

export function ecsMappings(abilities: ServerAbilities): Mappings {
  const explicit = abilities.pathLists ? coreFields : new Map([...ecsFields, ...coreFields]);
  const properties = nestedProperties([
    ...[...explicit]
      .filter(([, type]) => !impliedTypes.has(singleTypeOf(type)))
      .map(([name, type]) => [name, mappingOf(type, abilities)] as const),
    ['labels', abilities.subobjects ? { type: 'object', subobjects: false } : { type: 'object' }],
  ]);
  return {
    _meta: { managed_by: managedBy },
    date_detection: false,
    numeric_detection: false,
    dynamic_templates: [
      { labels: { path_match: 'labels.*', match_mapping_type: abilities.pathLists ? leafValues : '*', mapping: keywordMapping } },
      ...(abilities.pathLists ? ecsRules(abilities) : []),
      { texts: { match_mapping_type: 'string', mapping: keywordMapping } },
    ],
    properties,
  };
}

/** For metrics and platform events, behind the rules of ECS: a share that is 0 in the first document must not make the field whole numbers. */
export function metricMappings(): Mappings {
  return {
    dynamic_templates: [
      { numbers_whole: { match_mapping_type: 'long', mapping: { type: 'double' } } },
      { numbers: { match_mapping_type: 'double', mapping: { type: 'double' } } },
    ],
  };
}

/** JSON's kinds of values that are neither object nor list. */
const leafValues = ['string', 'long', 'double', 'boolean'];

function ecsRules(abilities: ServerAbilities): DynamicTemplates {
  const paths = new Map<SingleFieldType, string[]>();
  for (const [path, type] of ecsFields) {
    const single = singleTypeOf(type);
    if (single === 'keyword' || impliedTypes.has(single) || coreFields.has(path)) continue;
    paths.getOrInsert(single, []).push(path);
  }
  return [
    ...[...paths].map(([type, list]) => ({
      [`ecs_${type}`]: { path_match: oneOrMany(list), mapping: mappingOf(type, abilities) },
    })),
    {
      ecs_keyword: {
        match_mapping_type: ['long', 'double', 'boolean'],
        path_match: [...topNames()].map((name) => `${name}.*`),
        match: keywordNames(),
        mapping: keywordMapping,
      },
    },
  ];
}

/** The first names of ECS: `http`, `source`. */
function topNames(): Set<string> {
  return new Set([...ecsFields.keys()].filter((path) => path.includes('.')).map((path) => path.slice(0, path.indexOf('.'))));
}

/** Last names of keywords: whatever has one below a first name of ECS is meant as that. Where another field of the same last name has another type, it has a rule before this one. */
function keywordNames(): string[] {
  const names = new Set<string>();
  for (const [path, type] of ecsFields) if (isKeyword(type)) names.add(path.slice(path.lastIndexOf('.') + 1));
  return [...names].toSorted();
}

function isKeyword(type: FieldType): boolean {
  return singleTypeOf(type) === 'keyword';
}

/** A server gives a list of one back as a text. */
function oneOrMany(list: readonly string[]): string | string[] {
  const [first = ''] = list;
  return list.length === 1 ? first : [...list];
}
