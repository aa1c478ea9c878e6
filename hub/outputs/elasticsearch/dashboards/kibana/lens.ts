/** A chart as an object of Lens: a layer of columns, and how they are drawn. */
import { assert } from '@tributary/shared/assert.ts';
import type { Board, Chart } from '../chart.ts';
import { all, type Condition, kqlOf } from '../condition.ts';
import { viewId } from './data-views.ts';
import {
  breakdownColumnId,
  type LensColumn,
  termsColumn,
  timeColumn,
  timeColumnOf,
  valueColumn,
  valueColumnId,
} from './lens-columns.ts';
import { type Naming, objectId, objectTitle } from './object-ids.ts';
import { type SavedObject, savedObject } from './saved-object.ts';

/** A chart has one. */
const layerId = 'layer';

const overTime: ReadonlySet<Chart['shape']> = new Set(['line', 'area', 'bars']);

export function chartId(naming: Naming, board: Board, chart: Chart): string {
  return objectId(naming, `${board.name}-${chart.name}`);
}

export function chartObject(chart: Chart, board: Board, naming: Naming): SavedObject {
  const { by = [], values } = chart;
  assert(values.length > 0, `the chart ${chart.name} has a value`);
  assert(!overTime.has(chart.shape) || by.length <= 1, `over time ${chart.name} has one breakdown at most`);
  assert(by.length === 0 || (values[0]?.only === undefined && values[0]?.of !== 'percentile'), `${chart.name} can be sorted`);
  const columns = columnsOf(chart);
  return savedObject('lens', chartId(naming, board, chart), {
    attributes: {
      title: objectTitle(naming, `${board.title}: ${chart.title}`),
      description: '',
      visualizationType: visualizationType(chart),
      state: {
        datasourceStates: {
          formBased: {
            layers: {
              [layerId]: {
                columns: Object.fromEntries(columns),
                columnOrder: columns.map(([id]) => id),
                incompleteColumns: {},
                sampling: 1,
                ignoreGlobalFilters: false,
              },
            },
          },
        },
        visualization: visualizationOf(chart),
        query: { query: kqlOf(both(board.only, chart.only)), language: 'kuery' },
        filters: [],
        internalReferences: [],
        adHocDataViews: {},
      },
    },
    references: [{ type: 'index-pattern', id: viewId(naming, board.view), name: `indexpattern-datasource-layer-${layerId}` }],
  });
}

export function both(one: Condition | undefined, other: Condition | undefined): Condition | undefined {
  return one === undefined || other === undefined ? (one ?? other) : all(one, other);
}

/** Buckets before values, the outermost first: the best of all time rather than of each point in time. */
function columnsOf({ shape, by = [], values }: Chart): (readonly [id: string, LensColumn])[] {
  return [
    ...by.map((one, index) => [breakdownColumnId(index), termsColumn(one)] as const),
    ...(overTime.has(shape) ? [[timeColumn, timeColumnOf()] as const] : []),
    ...values.map((value, index) => [valueColumnId(index), valueColumn(value)] as const),
  ];
}

function visualizationType({ shape }: Chart): string {
  if (shape === 'number') return 'lnsMetric';
  if (shape === 'table') return 'lnsDatatable';
  return shape === 'ring' ? 'lnsPie' : 'lnsXY';
}

function visualizationOf({ shape, by = [], values }: Chart): object {
  const accessors = values.map((_, index) => valueColumnId(index));
  const groups = by.map((_, index) => breakdownColumnId(index));
  switch (shape) {
    case 'number':
      return { layerId, layerType: 'data', metricAccessor: valueColumnId(0) };
    case 'table':
      return {
        layerId,
        layerType: 'data',
        columns: [...groups, ...accessors].map((columnId) => ({ columnId })),
        sorting: { columnId: valueColumnId(0), direction: 'desc' },
        paging: { size: 20, enabled: true },
      };
    case 'ring':
      return {
        shape: 'donut',
        layers: [
          {
            layerId,
            layerType: 'data',
            primaryGroups: groups,
            metrics: accessors,
            numberDisplay: 'percent',
            categoryDisplay: 'default',
            legendDisplay: 'default',
            nestedLegend: false,
          },
        ],
      };
    case 'ranks':
      return xyOf('bar_horizontal', { accessors, x: groups[0], split: undefined });
    case 'line':
      return xyOf('line', { accessors, x: timeColumn, split: groups[0] });
    case 'area':
      return xyOf('area_stacked', { accessors, x: timeColumn, split: groups[0] });
    default:
      return xyOf('bar_stacked', { accessors, x: timeColumn, split: groups[0] });
  }
}

interface Axes {
  readonly accessors: readonly string[];
  readonly x: string | undefined;
  readonly split: string | undefined;
}

function xyOf(seriesType: string, { accessors, x, split }: Axes): object {
  return {
    preferredSeriesType: seriesType,
    legend: { isVisible: true, position: 'right' },
    valueLabels: 'hide',
    fittingFunction: 'None',
    axisTitlesVisibilitySettings: { x: false, yLeft: true, yRight: true },
    layers: [
      {
        layerId,
        layerType: 'data',
        seriesType,
        accessors,
        ...(x !== undefined && { xAccessor: x }),
        ...(split !== undefined && { splitAccessor: split }),
      },
    ],
  };
}
