/** Everything that the hub has for Kibana: each object after those that it refers to. */
import type { Board } from '../chart.ts';
import { boardsOf } from '../boards.ts';
import { dashboardObject, searchObject } from './dashboard.ts';
import { type ViewChoice, viewObject, viewsOf } from './data-views.ts';
import { chartObject } from './lens.ts';
import type { Naming } from './object-ids.ts';
import type { SavedObject } from './saved-object.ts';

/** Raised with every change of what is written (kibana-objects.test.ts): a hub of an older release leaves what a newer one wrote. */
export const dashboardsVersion = 1;

export interface KibanaChoice extends ViewChoice, Naming {
  /** Log types that are known by name: a data view and a dashboard each. */
  readonly types: readonly string[];
}

export function kibanaObjects(choice: KibanaChoice): SavedObject[] {
  return [
    ...viewsOf(choice.types, choice).map((view) => viewObject(view, choice)),
    ...boardsOf(choice.types).flatMap((board) => objectsOf(board, choice)),
  ];
}

function objectsOf(board: Board, naming: Naming): SavedObject[] {
  const { charts, listing } = board;
  return [
    ...charts.map((chart) => chartObject(chart, board, naming)),
    ...(listing === undefined ? [] : [searchObject(listing, board, naming)]),
    dashboardObject(board, naming),
  ];
}
