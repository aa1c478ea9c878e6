/**
 * What is installed: component templates for settings and mappings, and index templates that put them together for the names that the hub writes
 * (../index-names.ts).
 *
 * Priorities: Elastic's own templates for `logs-*-*` and `metrics-*-*` have 100, those of OpenTelemetry 120, of Fleet's integrations 150 or 200, of APM 210,
 * of one namespace of an integration 250. For all tenants ours have 110: before the general ones, behind whatever somebody made for fewer names. Where the
 * tenants are named they have 240, as then the names are the hub's own. A log type's template comes before the general one of the same
 * tenants, and those for daily indices, whose names are longer, before all for data streams.
 */
import { hash } from 'node:crypto';
import type { estypes } from '@elastic/elasticsearch';
import { ecsMappings, metricMappings } from './ecs-mappings.ts';
import { mappingOf, namesBelowValues, nestedProperties } from './field-mappings.ts';
import { lifecycleOf } from './lifecycle.ts';
import type { ServerAbilities } from './server-abilities.ts';
import type { SetupChoice, TypeFields } from './setup-choice.ts';
import type { IndexTemplate, SetupItem } from './setup-item.ts';

/** The first part of names. */
export const indexFamilies = ['logs', 'metrics', 'platform'] as const;
export type IndexFamily = (typeof indexFamilies)[number];

const settingsName = 'tributary-component-settings';
const ecsName = 'tributary-component-ecs';
const metricsName = 'tributary-component-metrics';
const priorities = { general: 110, tenant: 240, type: 2, daily: 5 } as const;
/** What Elasticsearch has by default; the whole of ECS needs more. */
const fieldsMax = { logs: 1000, ecs: 10_000 } as const;

export function setupItems(choice: SetupChoice, abilities: ServerAbilities): SetupItem[] {
  const lifecycle = lifecycleOf(choice, abilities);
  const scopes = choice.tenants ?? [undefined];
  const indexTemplate = (scope: Scope): SetupItem => ({
    kind: 'index_template',
    name: templateName(scope, choice),
    content: templateOf(scope, choice, { abilities, lifecycle: lifecycle.template }),
  });
  return [
    ...lifecycle.items,
    component(settingsName, { settings: settingsOf(choice, abilities) }),
    component(metricsName, { mappings: metricMappings() }),
    component(ecsName, { mappings: ecsMappings(abilities) }),
    ...scopes.flatMap((tenant) => indexFamilies.map((family) => indexTemplate({ family, tenant }))),
    ...choice.types.map((type) => indexTemplate({ family: 'logs', tenant: type.tenant, type })),
  ];
}

/** Of the names of templates for one log type. */
export const typeTemplatePrefix = 'tributary-logs-type-';

/** What an index template is for. */
interface Scope {
  readonly family: IndexFamily;
  readonly tenant: string | undefined;
  readonly type?: TypeFields;
}

interface TemplateParts {
  readonly abilities: ServerAbilities;
  readonly lifecycle: estypes.IndicesPutIndexTemplateIndexTemplateMapping;
}

function templateName({ family, tenant, type }: Scope, { indices }: SetupChoice): string {
  const parts = ['tributary', family];
  if (type !== undefined) parts.push('type', type.type);
  if (tenant !== undefined) parts.push('tenant', tenant);
  if (indices === 'daily') parts.push('daily');
  return parts.join('-');
}

function templateOf(scope: Scope, choice: SetupChoice, { abilities, lifecycle }: TemplateParts): IndexTemplate {
  const { family, tenant, type } = scope;
  const isDaily = choice.indices === 'daily';
  const custom = [
    'tributary-custom',
    `tributary-${family}-custom`,
    ...(type === undefined ? [] : [`tributary-logs-${type.type}-custom`]),
  ];
  // Rules are asked in this order, and those for numbers would keep ECS from its own.
  const mappings = family === 'logs' ? [ecsName] : [ecsName, metricsName];
  return {
    index_patterns: [`${family}-${type?.type ?? '*'}-${tenant ?? '*'}${isDaily ? '-*.*.*' : ''}`],
    priority: priorityOf(scope, isDaily),
    composed_of: [...mappings, settingsName, ...(abilities.optionalComponents ? custom : [])],
    ...(abilities.optionalComponents && { ignore_missing_component_templates: custom }),
    allow_auto_create: true,
    ...(!isDaily && { data_stream: {} }),
    template: {
      ...lifecycle,
      ...(type !== undefined && { mappings: { properties: typeProperties(type, abilities) } }),
      ...(!isDaily && failureStore(choice, abilities)),
    },
  };
}

/**
 * The server refuses two templates of the same priority whose patterns could have a name in common, however unlikely: `logs-*-a-*.*.*` and
 * `logs-*-b-*.*.*` could. So the daily ones of each tenant have a priority of their own, by its name alone, as another site may set up others.
 */
function priorityOf({ tenant, type }: Scope, isDaily: boolean): number {
  const own = type === undefined ? 0 : priorities.type;
  if (tenant === undefined) return priorities.general + (isDaily ? priorities.daily : 0) + own;
  if (!isDaily) return priorities.tenant + own;
  const rank = Number.parseInt(hash('sha256', tenant, 'hex').slice(0, 6), 16);
  return priorities.tenant + priorities.daily + 2 * priorities.type * rank + own;
}

/** Of two declared fields that no document can have both the one further down is left out (namesBelowValues). */
function typeProperties({ fields }: TypeFields, abilities: ServerAbilities): ReturnType<typeof nestedProperties> {
  const conflicting = new Set(namesBelowValues(Object.entries(fields)));
  const kept = Object.entries(fields).filter(([name]) => !conflicting.has(name));
  return nestedProperties(kept.map(([name, type]) => [name, mappingOf(type, abilities)]));
}

/** Said in either case: newer servers have one for `logs-*-*` unless told otherwise, and what went there would be missing among the dead letters. */
function failureStore(
  { rejected }: SetupChoice,
  { failureStore: hasFailureStore }: ServerAbilities,
): Pick<estypes.IndicesPutIndexTemplateIndexTemplateMapping, 'data_stream_options'> {
  return hasFailureStore ? { data_stream_options: { failure_store: { enabled: rejected === 'failure_store' } } } : {};
}

function component(name: string, template: estypes.IndicesIndexState): SetupItem {
  return { kind: 'component_template', name, content: { template } };
}

function settingsOf({ replicas }: SetupChoice, abilities: ServerAbilities): estypes.IndicesIndexSettings {
  const limit = abilities.pathLists ? fieldsMax.logs : fieldsMax.ecs;
  const mapping: estypes.IndicesMappingLimitSettings = {
    total_fields: { limit, ...(abilities.ignoresFieldsBeyondLimit && { ignore_dynamic_beyond_limit: true }) },
  };
  // Serverless decides the rest itself, and refuses to be told.
  if (abilities.isServerless) return { index: { mapping } };
  return {
    index: {
      mapping,
      codec: 'best_compression',
      refresh_interval: '5s',
      // logsdb writes documents otherwise than they came; who wants it says so in tributary-custom.
      mode: 'standard',
      // Invariant 1: a bulk request that was answered is on disk.
      translog: { durability: 'request' },
      ...(replicas === undefined
        ? { auto_expand_replicas: '0-1' }
        : { number_of_replicas: replicas, auto_expand_replicas: 'false' }),
    },
  };
}
