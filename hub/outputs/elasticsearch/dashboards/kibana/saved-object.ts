/**
 * Saved objects of Kibana as its import API takes them: one a line. The formats are those that Kibana 8.9 wrote; each later one, 9 included, moves
 * them on by its own migrations when it imports them, which older ones cannot do the other way. `saved-object-schemas.ts` says what is demanded.
 */
export interface SavedObject {
  readonly type: ObjectType;
  readonly id: string;
  readonly attributes: Readonly<Record<string, unknown>>;
  readonly references: readonly Reference[];
  readonly coreMigrationVersion: string;
  readonly typeMigrationVersion: string;
}

export const objectTypes = ['index-pattern', 'search', 'lens', 'visualization', 'dashboard'] as const;
export type ObjectType = (typeof objectTypes)[number];

export interface Reference {
  readonly type: ObjectType;
  readonly id: string;
  readonly name: string;
}

/** The versions of the formats: Kibana applies the migrations that came after them. */
export const formatVersions: Readonly<Record<ObjectType, string>> = {
  'index-pattern': '8.0.0',
  search: '8.0.0',
  lens: '8.9.0',
  visualization: '8.5.0',
  dashboard: '8.9.0',
};
export const coreVersion = '8.8.0';
/** Of what a dashboard says of its panels. */
export const panelVersion = '8.9.0';

export function savedObject(
  type: ObjectType,
  id: string,
  { attributes, references = [] }: { readonly attributes: SavedObject['attributes']; readonly references?: readonly Reference[] },
): SavedObject {
  return { type, id, attributes, references, coreMigrationVersion: coreVersion, typeMigrationVersion: formatVersions[type] };
}

/** What is asked of the documents, besides the time that the person chose. */
export function searchSource(query: string, rest: object = {}): { readonly searchSourceJSON: string } {
  return { searchSourceJSON: JSON.stringify({ query: { query, language: 'kuery' }, filter: [], ...rest }) };
}

/** The name that a reference of a search source to its data view has. */
export const sourceIndexName = 'kibanaSavedObjectMeta.searchSourceJSON.index';

export function ndjson(objects: readonly object[]): string {
  return objects.map((object) => `${JSON.stringify(object)}\n`).join('');
}
