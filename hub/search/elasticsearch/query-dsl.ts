/**
 * A search in Elasticsearch's query DSL. Words are found as Elasticsearch's analysis has them: whole ones, whatever the case of their letters, several
 * as a phrase. Names of fields are those of its documents (docs/operating/elasticsearch.md).
 */
import { platformType } from '@tributary/protocol/platform/document.ts';
import { unreachable } from '@tributary/shared/assert.ts';
import { type Condition, fieldsCalled } from '../../outputs/archive/search/condition.ts';
import { logsName } from '../../outputs/elasticsearch/index-names.ts';
import type { Wanted } from '../wanted.ts';

export type Dsl = Readonly<Record<string, unknown>>;

/** When the site received it. */
export const receivedField = 'event.ingested';
const lineFields = ['message', 'event.original'];

/** What the archive's rows call so. */
const ownFields: Readonly<Record<string, readonly string[]>> = {
  tenant: ['data_stream.namespace'],
  type: ['data_stream.dataset'],
  host: ['host.name'],
  agent: ['agent.id'],
  stream: ['tributary.stream', 'tributary.record.stream'],
  source: ['log.file.path', 'tributary.source'],
  received: [receivedField],
  line: lineFields,
  message: lineFields,
};

const indicesMax = 40;

/** Index names with commas between them; undefined where there is nothing that may be looked at. */
export function indicesOf({ tenants, types }: Pick<Wanted, 'tenants' | 'types'>): string | undefined {
  if (tenants?.length === 0 || types?.length === 0) return undefined;
  const names = namesOfAll(types ?? ['*'], tenants ?? ['*']);
  if (names.length <= indicesMax) return names.join(',');
  return namesOfAll(types?.includes(platformType) === true ? ['*', platformType] : ['*'], ['*']).join(',');
}

/** What agents and hubs tell is in indices by what it is about. */
function namesOfAll(types: readonly string[], tenants: readonly string[]): readonly string[] {
  return types.flatMap((type) =>
    tenants.flatMap((tenant) =>
      type === platformType ? platformIndices.map((family) => `${family}-*-${tenant}`) : [logsName(tenant, type)],
    ),
  );
}

/** Of `data_stream.type`, too. */
export const platformIndices: readonly string[] = ['platform', 'metrics'];

function ofTypes(types: readonly string[]): Dsl {
  const others = types.filter((type) => type !== platformType);
  const logs = { terms: { 'data_stream.dataset': others } };
  if (others.length === types.length) return logs;
  const platform = { terms: { 'data_stream.type': platformIndices } };
  if (others.length === 0) return platform;
  return anyOf([{ bool: { filter: [logs, { term: { 'data_stream.type': 'logs' } }] } }, platform]);
}

/** But for a regular expression, which Elasticsearch has no way to look for in a line: what else is wanted. */
export function queryOf(wanted: Wanted): Dsl {
  const { tenants, types, hosts, sinceMs, untilMs, pattern, condition } = wanted;
  const range = { ...(sinceMs !== undefined && { gte: sinceMs }), ...(untilMs !== undefined && { lt: untilMs }) };
  const filter: Dsl[] = [
    // Others may have indices of such names.
    anyOf([{ exists: { field: 'tributary.stream' } }, { exists: { field: 'tributary.record.site' } }]),
    ...(tenants === undefined ? [] : [{ terms: { 'data_stream.namespace': tenants } }]),
    ...(types === undefined ? [] : [ofTypes(types)]),
    ...(hosts === undefined ? [] : [{ terms: { 'host.name': hosts } }]),
    ...(Object.keys(range).length === 0 ? [] : [{ range: { [receivedField]: { ...range, format: 'epoch_millis' } } }]),
    ...(condition === undefined ? [] : [dslOf(condition, wanted.ignoreCase)]),
  ];
  if (pattern?.kind === 'literal') filter.push(phrase(pattern.text, lineFields));
  return { bool: { filter } };
}

function dslOf(condition: Condition, ignoreCase: boolean): Dsl {
  switch (condition.kind) {
    case 'and':
      return { bool: { filter: condition.of.map((part) => dslOf(part, ignoreCase)) } };
    case 'or':
      return anyOf(condition.of.map((part) => dslOf(part, ignoreCase)));
    case 'not':
      return { bool: { must_not: [dslOf(condition.of, ignoreCase)] } };
    case 'word':
      return phrase(condition.text, lineFields);
    case 'exists':
      return anyOf(namesOf(condition.field).map((field) => ({ exists: { field } })));
    case 'is':
      return phrase(condition.value, namesOf(condition.field));
    case 'like':
      return anyOf(
        namesOf(condition.field).map((field) => ({
          wildcard: { [field]: { value: condition.pattern, case_insensitive: ignoreCase } },
        })),
      );
    case 'compare':
      return anyOf(
        namesOf(condition.field).map((field) => ({ range: { [field]: { [comparisons[condition.by]]: condition.value } } })),
      );
    default:
      return unreachable(condition);
  }
}

const comparisons = { '>': 'gt', '>=': 'gte', '<': 'lt', '<=': 'lte' } as const;

/** A term of a keyword or a number, a phrase of a text: as the field is. */
function phrase(text: string, fields: readonly string[]): Dsl {
  return { multi_match: { query: text, type: 'phrase', fields, lenient: true } };
}

function anyOf(parts: readonly Dsl[]): Dsl {
  const [only] = parts;
  return parts.length === 1 && only !== undefined ? only : { bool: { should: parts, minimum_should_match: 1 } };
}

function namesOf(field: string): readonly string[] {
  const own = Object.hasOwn(ownFields, field) ? ownFields[field] : undefined;
  return own ?? fieldsCalled(field);
}
