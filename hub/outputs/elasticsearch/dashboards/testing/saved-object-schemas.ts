/**
 * What Kibana demands of saved objects, as its schemas for creating them have it (open source of Kibana 9: `dashboard_saved_object/schema/v1`,
 * `saved_search/server/saved_objects/schema.ts`, `visualizations/server/saved_objects`, `data_views/common/types.ts`, `lens/public/persistence`), and as
 * its documentation of the import API has the lines of a file. Stricter here: no attribute that the hub does not mean. Kibana checks these of the
 * attributes only; what is within texts of JSON it finds out when it draws, so these are checked as well.
 */
import * as z from 'zod';
import { columnsMax } from '../kibana/dashboard.ts';
import { coreVersion, formatVersions, objectTypes, type SavedObject } from '../kibana/saved-object.ts';

const kql = z.strictObject({ query: z.string(), language: z.literal('kuery') });
const text = z.string().min(1);

function jsonText<Schema extends z.ZodType>(schema: Schema): z.ZodPipe<z.ZodTransform<unknown, string>, Schema> {
  return z.transform((given: string): unknown => JSON.parse(given)).pipe(schema);
}

const reference = z.strictObject({ type: z.enum(objectTypes), id: text, name: text });

export const savedObjectSchema = z
  .strictObject({
    type: z.enum(objectTypes),
    // Kibana puts it into addresses of pages.
    id: z.string().regex(/^tributary[a-z0-9_.@-]+$/),
    attributes: z.record(z.string(), z.unknown()),
    references: z.array(reference),
    coreMigrationVersion: z.literal(coreVersion),
    typeMigrationVersion: z.string(),
  })
  .refine(({ type, typeMigrationVersion }) => typeMigrationVersion === formatVersions[type], 'has the version of its type');

const dataView = z.strictObject({
  title: z.string().regex(/^[a-z][a-z0-9_.*-]+(?:,[a-z][a-z0-9_.*-]+)*$/),
  name: text,
  timeFieldName: z.literal('@timestamp'),
  allowNoIndex: z.literal(true),
  fieldFormatMap: jsonText(
    z.record(
      text,
      z.strictObject({ id: z.enum(['bytes', 'percent', 'duration']), params: z.record(z.string(), z.unknown()).optional() }),
    ),
  ),
  fieldAttrs: jsonText(z.strictObject({})),
  fields: jsonText(z.array(z.never())),
  runtimeFieldMap: jsonText(z.strictObject({})),
  sourceFilters: jsonText(z.array(z.never())),
  typeMeta: jsonText(z.strictObject({})),
});

const search = z.strictObject({
  title: text,
  description: z.string(),
  columns: z.array(text).min(1).max(50),
  sort: z.array(z.tuple([text, z.enum(['asc', 'desc'])])),
  grid: z.strictObject({}),
  hideChart: z.boolean(),
  isTextBasedQuery: z.literal(false),
  timeRestore: z.literal(false),
  kibanaSavedObjectMeta: z.strictObject({
    searchSourceJSON: jsonText(
      z.strictObject({
        query: kql,
        filter: z.array(z.never()),
        highlightAll: z.boolean(),
        version: z.boolean(),
        indexRefName: z.literal('kibanaSavedObjectMeta.searchSourceJSON.index'),
      }),
    ),
  }),
});

const column = z.strictObject({
  label: text,
  customLabel: z.literal(true),
  dataType: z.enum(['date', 'ip', 'number', 'string']),
  operationType: z.enum(['date_histogram', 'terms', 'count', 'sum', 'average', 'min', 'max', 'unique_count', 'percentile']),
  isBucketed: z.boolean(),
  scale: z.enum(['interval', 'ordinal', 'ratio']),
  sourceField: text,
  params: z.looseObject({
    size: z.int().min(1).max(1000).optional(),
    orderBy: z.strictObject({ type: z.literal('column'), columnId: text }).optional(),
    orderDirection: z.enum(['asc', 'desc']).optional(),
    percentile: z.number().gt(0).lt(100).optional(),
  }),
  filter: kql.optional(),
  timeScale: z.literal('s').optional(),
});
export type SchemaColumn = z.infer<typeof column>;

const layer = z.strictObject({
  columns: z.record(text, column),
  columnOrder: z.array(text).min(1),
  incompleteColumns: z.strictObject({}),
  sampling: z.literal(1),
  ignoreGlobalFilters: z.literal(false),
});

const drawnLayer = { layerId: z.literal('layer'), layerType: z.literal('data') };
const onOff = z.boolean();

const visualizations = {
  lnsXY: z.strictObject({
    preferredSeriesType: text,
    legend: z.strictObject({ isVisible: onOff, position: z.enum(['right', 'bottom']) }),
    valueLabels: z.literal('hide'),
    fittingFunction: z.literal('None'),
    axisTitlesVisibilitySettings: z.strictObject({ x: onOff, yLeft: onOff, yRight: onOff }),
    layers: z.tuple([
      z.strictObject({
        ...drawnLayer,
        seriesType: z.enum(['line', 'area_stacked', 'bar_stacked', 'bar_horizontal']),
        accessors: z.array(text).min(1),
        xAccessor: text,
        splitAccessor: text.optional(),
      }),
    ]),
  }),
  lnsMetric: z.strictObject({ ...drawnLayer, metricAccessor: text }),
  lnsDatatable: z.strictObject({
    ...drawnLayer,
    columns: z.array(z.strictObject({ columnId: text })).min(1),
    sorting: z.strictObject({ columnId: text, direction: z.enum(['asc', 'desc']) }),
    paging: z.strictObject({ size: z.int(), enabled: z.boolean() }),
  }),
  lnsPie: z.strictObject({
    shape: z.literal('donut'),
    layers: z.tuple([
      z.strictObject({
        ...drawnLayer,
        primaryGroups: z.array(text).min(1),
        metrics: z.array(text).length(1),
        numberDisplay: z.literal('percent'),
        categoryDisplay: z.literal('default'),
        legendDisplay: z.literal('default'),
        nestedLegend: z.literal(false),
      }),
    ]),
  }),
} as const;

const lensState = z.strictObject({
  datasourceStates: z.strictObject({ formBased: z.strictObject({ layers: z.record(text, layer) }) }),
  visualization: z.unknown(),
  query: kql,
  filters: z.array(z.never()),
  internalReferences: z.array(z.never()),
  adHocDataViews: z.strictObject({}),
});

const lens = z
  .strictObject({
    title: text,
    description: z.string(),
    visualizationType: z.enum(['lnsXY', 'lnsMetric', 'lnsDatatable', 'lnsPie']),
    state: lensState,
  })
  .superRefine(({ visualizationType, state }, context) => {
    const { error } = visualizations[visualizationType].safeParse(state.visualization);
    for (const { path, message } of error?.issues ?? [])
      context.addIssue({ code: 'custom', path: ['state', 'visualization', ...path], message });
    const [only] = Object.values(state.datasourceStates.formBased.layers);
    const columns = only?.columns ?? {};
    const named = columnNames(state.visualization);
    const wanted = Object.keys(columns).toSorted();
    if (JSON.stringify([...new Set(only?.columnOrder)].toSorted()) !== JSON.stringify(wanted))
      context.addIssue({ code: 'custom', message: 'columnOrder names each column once' });
    if (JSON.stringify([...named].toSorted()) !== JSON.stringify(wanted))
      context.addIssue({
        code: 'custom',
        message: `what is drawn (${[...named].join(', ')}) are the columns (${wanted.join(', ')})`,
      });
    const ordered = Object.values(columns).flatMap(({ params }) => params.orderBy?.columnId ?? []);
    if (ordered.some((id) => columns[id]?.isBucketed !== false))
      context.addIssue({ code: 'custom', message: 'terms are in the order of a value' });
  });

/** The columns that a visualisation draws, wherever it names them. */
function columnNames(value: unknown, found = new Set<string>()): Set<string> {
  if (typeof value === 'string' && /^(?:time|by-\d+|value-\d+)$/.test(value)) found.add(value);
  else if (typeof value === 'object' && value !== null) for (const inner of Object.values(value)) columnNames(inner, found);
  return found;
}

export const parseLens = (attributes: SavedObject['attributes']): z.infer<typeof lens> => lens.parse(attributes);
export const parseSearch = (attributes: SavedObject['attributes']): z.infer<typeof search> => search.parse(attributes);
export const parseDataView = (attributes: SavedObject['attributes']): z.infer<typeof dataView> => dataView.parse(attributes);

const visualization = z.strictObject({
  title: text,
  description: z.string(),
  visState: jsonText(
    z.strictObject({
      title: text,
      type: z.literal('markdown'),
      aggs: z.array(z.never()),
      params: z.strictObject({ fontSize: z.number(), openLinksInNewTab: z.boolean(), markdown: text }),
    }),
  ),
  uiStateJSON: jsonText(z.strictObject({})),
  kibanaSavedObjectMeta: z.strictObject({
    searchSourceJSON: jsonText(z.strictObject({ query: kql, filter: z.array(z.never()) })),
  }),
});

const panel = z.strictObject({
  version: z.string().regex(/^8\./),
  type: z.enum(['lens', 'search']),
  panelIndex: text,
  gridData: z
    .strictObject({ x: z.int().min(0), y: z.int().min(0), w: z.int().min(4), h: z.int().min(4), i: text })
    .refine(({ x, w }) => x + w <= columnsMax, 'is within the columns'),
  panelRefName: text,
  title: text,
  embeddableConfig: z.strictObject({ enhancements: z.strictObject({}) }),
});

const control = z.strictObject({
  order: z.int().min(0),
  width: z.enum(['small', 'medium', 'large']),
  grow: z.boolean(),
  type: z.literal('optionsListControl'),
  explicitInput: z.strictObject({
    id: text,
    fieldName: text,
    title: text,
    selectedOptions: z.array(z.never()),
    searchTechnique: z.enum(['prefix', 'wildcard', 'exact']),
    sort: z.strictObject({ by: z.enum(['_count', '_key']), direction: z.enum(['asc', 'desc']) }),
    enhancements: z.strictObject({}),
  }),
});

const dashboard = z.strictObject({
  title: text,
  description: text,
  timeRestore: z.literal(false),
  optionsJSON: jsonText(
    z.record(z.enum(['useMargins', 'syncColors', 'syncCursor', 'syncTooltips', 'hidePanelTitles']), z.boolean()),
  ),
  panelsJSON: jsonText(z.array(panel).min(1)),
  controlGroupInput: z.strictObject({
    controlStyle: z.enum(['oneLine', 'twoLine']),
    chainingSystem: z.enum(['HIERARCHICAL', 'NONE']),
    panelsJSON: jsonText(z.record(text, control)),
    ignoreParentSettingsJSON: jsonText(
      z.record(z.enum(['ignoreFilters', 'ignoreQuery', 'ignoreTimerange', 'ignoreValidations']), z.boolean()),
    ),
  }),
  kibanaSavedObjectMeta: z.strictObject({
    searchSourceJSON: jsonText(z.strictObject({ query: kql, filter: z.array(z.never()) })),
  }),
});
export const parseDashboard = (attributes: SavedObject['attributes']): z.infer<typeof dashboard> => dashboard.parse(attributes);

const ofType: Readonly<Record<SavedObject['type'], z.ZodType>> = {
  'index-pattern': dataView,
  search,
  lens,
  visualization,
  dashboard,
};

/** Throws what is wrong. */
export function checkObject(object: SavedObject): void {
  savedObjectSchema.parse(object);
  ofType[object.type].parse(object.attributes);
}

/** The names of the references that an object uses in its attributes; each is to be there, and no other. */
export function usedReferences({ type, attributes }: SavedObject): string[] {
  switch (type) {
    case 'lens':
      return Object.keys(parseLens(attributes).state.datasourceStates.formBased.layers).map(
        (id) => `indexpattern-datasource-layer-${id}`,
      );
    case 'search':
      return [parseSearch(attributes).kibanaSavedObjectMeta.searchSourceJSON.indexRefName];
    case 'dashboard': {
      const { panelsJSON, controlGroupInput } = parseDashboard(attributes);
      const controls = Object.entries(controlGroupInput.panelsJSON);
      return [
        ...panelsJSON.map(({ panelIndex, panelRefName }) => `${panelIndex}:${panelRefName}`),
        ...controls.map(([id]) => `controlGroup_${id}:optionsListDataView`),
      ];
    }
    default:
      return [];
  }
}
