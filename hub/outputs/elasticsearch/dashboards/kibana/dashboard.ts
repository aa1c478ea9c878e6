/** A dashboard: where its charts stand, and the fields that the person who looks chooses values of. */
import { assert } from '@tributary/shared/assert.ts';
import type { Board, Chart, Listing } from '../chart.ts';
import { kqlOf } from '../condition.ts';
import { viewId } from './data-views.ts';
import { both, chartId } from './lens.ts';
import { type Naming, objectId, objectTitle } from './object-ids.ts';
import { panelVersion, type Reference, type SavedObject, savedObject, searchSource, sourceIndexName } from './saved-object.ts';

export const columnsMax = 48;
const listingHeight = 24;

interface Panel {
  readonly type: 'lens' | 'search';
  readonly id: string;
  readonly name: string;
  readonly title: string;
  readonly width: number;
  readonly height: number;
}

export interface Placed {
  readonly x: number;
  readonly y: number;
  readonly w: number;
  readonly h: number;
}

export function dashboardObject(board: Board, naming: Naming): SavedObject {
  const panels = panelsOf(board, naming);
  const places = placesOf(panels);
  return savedObject('dashboard', objectId(naming, board.name), {
    attributes: {
      title: objectTitle(naming, board.title),
      description: board.description,
      timeRestore: false,
      optionsJSON: JSON.stringify({
        useMargins: true,
        syncColors: true,
        syncCursor: true,
        syncTooltips: false,
        hidePanelTitles: false,
      }),
      panelsJSON: JSON.stringify(
        panels.map(({ type, name, title }, index) => ({
          version: panelVersion,
          type,
          panelIndex: name,
          gridData: { ...places[index], i: name },
          panelRefName: `panel_${name}`,
          title,
          embeddableConfig: { enhancements: {} },
        })),
      ),
      controlGroupInput: controlsOf(board),
      kibanaSavedObjectMeta: searchSource(''),
    },
    references: [...panels.map(panelReference), ...board.choices.map((_, index) => controlReference(board, index, naming))],
  });
}

function panelsOf(board: Board, naming: Naming): Panel[] {
  const ofChart = (chart: Chart): Panel => {
    const { name, title, width, height } = chart;
    return { type: 'lens', id: chartId(naming, board, chart), name, title, width, height };
  };
  const { listing } = board;
  const list: Panel[] =
    listing === undefined
      ? []
      : [
          {
            type: 'search',
            id: listingId(naming, board, listing),
            name: `list-${listing.name}`,
            title: listing.title,
            width: columnsMax,
            height: listingHeight,
          },
        ];
  return [...board.charts.map(ofChart), ...list];
}

/** Row by row; the next row begins below the highest of the one before. */
export function placesOf(panels: readonly Pick<Panel, 'width' | 'height'>[]): Placed[] {
  let [x, y, rowHeight] = [0, 0, 0];
  return panels.map(({ width, height }) => {
    assert(width <= columnsMax, 'a chart is no wider than its dashboard');
    if (x + width > columnsMax) [x, y, rowHeight] = [0, y + rowHeight, 0];
    const place = { x, y, w: width, h: height };
    x += width;
    rowHeight = Math.max(rowHeight, height);
    return place;
  });
}

function panelReference({ type, id, name }: Panel): Reference {
  return { type, id, name: `${name}:panel_${name}` };
}

function controlId(index: number): string {
  return `choice-${index}`;
}

function controlsOf({ choices }: Board): object {
  const panels = choices.map(({ field, label }, order) => {
    const id = controlId(order);
    const explicitInput = {
      id,
      fieldName: field,
      title: label,
      selectedOptions: [],
      searchTechnique: 'prefix',
      sort: { by: '_count', direction: 'desc' },
      enhancements: {},
    };
    return [id, { order, width: 'medium', grow: true, type: 'optionsListControl', explicitInput }] as const;
  });
  return {
    controlStyle: 'oneLine',
    chainingSystem: 'HIERARCHICAL',
    panelsJSON: JSON.stringify(Object.fromEntries(panels)),
    ignoreParentSettingsJSON: JSON.stringify({
      ignoreFilters: false,
      ignoreQuery: false,
      ignoreTimerange: false,
      ignoreValidations: false,
    }),
  };
}

function controlReference({ view }: Board, index: number, naming: Naming): Reference {
  return { type: 'index-pattern', id: viewId(naming, view), name: `controlGroup_${controlId(index)}:optionsListDataView` };
}

function listingId(naming: Naming, board: Board, listing: Listing): string {
  return objectId(naming, `${board.name}-list-${listing.name}`);
}

/** The documents of a dashboard, as a saved search: in Discover it is one of its own. */
export function searchObject(listing: Listing, board: Board, naming: Naming): SavedObject {
  return savedObject('search', listingId(naming, board, listing), {
    attributes: {
      title: objectTitle(naming, listing.title),
      description: '',
      columns: listing.columns,
      sort: [['@timestamp', 'desc']],
      grid: {},
      hideChart: false,
      isTextBasedQuery: false,
      timeRestore: false,
      kibanaSavedObjectMeta: searchSource(kqlOf(both(board.only, listing.only)), {
        highlightAll: true,
        version: true,
        indexRefName: sourceIndexName,
      }),
    },
    references: [{ type: 'index-pattern', id: viewId(naming, board.view), name: sourceIndexName }],
  });
}
