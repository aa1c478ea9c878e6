/**
 * A table of any length: only the rows that are seen are in the document, so that 10,000 are as quick as 10. Rows have one height. A row
 * is opened by the link in its first cell, which covers all of it.
 */
import type { ComponentChildren, JSX } from 'preact';
import { useEffect, useLayoutEffect, useRef, useState } from 'preact/hooks';
import { Icon } from './icon.tsx';

export interface Column<Row> {
  readonly name: string;
  readonly title: string;
  readonly cell: (row: Row) => ComponentChildren;
  /** Figures stand at the right. */
  readonly numeric?: boolean;
  /** From which width of the table on it is shown; always unless told. */
  readonly from?: 'medium' | 'wide' | 'widest';
  readonly sortable?: boolean;
  /** Of the column; what is longer ends with dots. */
  readonly width?: string;
}

export interface Sorting {
  readonly by: string;
  readonly descending: boolean;
}

interface TableParts<Row> {
  /** For who hears the page. */
  readonly caption: string;
  readonly columns: readonly Column<Row>[];
  readonly rows: readonly Row[];
  readonly rowKey: (row: Row) => string;
  readonly sorting?: Sorting;
  readonly onSort?: (sorting: Sorting) => void;
  /** How many there are in all, where `rows` are only the first of them. */
  readonly total?: number;
  /** The last rows are near: time to ask for more. */
  readonly onNearEnd?: () => void;
  /** It takes what is left of the window's height, instead of growing with its rows. */
  readonly fill?: boolean;
}

const rowHeight = 34;
const rowsBeyond = 6;
const rowsAtFirst = 26;

export function Table<Row>(parts: TableParts<Row>): JSX.Element {
  const { caption, columns, rows, rowKey, total = rows.length, fill = false } = parts;
  const scroller = useRef<HTMLDivElement>(null);
  const { first, end } = useWindow(scroller, rows.length, parts.onNearEnd);
  const shown = rows.slice(first, end);
  return (
    // A region that scrolls is reached by the keyboard.
    <div class={fill ? 'table fill' : 'table'} ref={scroller} tabIndex={0} role="region" aria-label={caption}>
      <table aria-rowcount={total + 1}>
        <caption class="heard">{caption}</caption>
        <thead>
          <tr aria-rowindex={1}>
            {columns.map((column) => (
              <HeadCell key={column.name} column={column} sorting={parts.sorting} onSort={parts.onSort} />
            ))}
          </tr>
        </thead>
        <tbody>
          {first > 0 && <tr aria-hidden="true" class="gap" style={{ height: `${first * rowHeight}px` }} />}
          {shown.map((row, index) => (
            <tr key={rowKey(row)} aria-rowindex={first + index + 2}>
              {columns.map((column) => (
                <td key={column.name} class={cellClass(column)}>
                  {column.cell(row)}
                </td>
              ))}
            </tr>
          ))}
          {end < rows.length && <tr aria-hidden="true" class="gap" style={{ height: `${(rows.length - end) * rowHeight}px` }} />}
        </tbody>
      </table>
    </div>
  );
}

interface HeadParts<Row> {
  readonly column: Column<Row>;
  readonly sorting: Sorting | undefined;
  readonly onSort: ((sorting: Sorting) => void) | undefined;
}

function HeadCell<Row>({ column, sorting, onSort }: HeadParts<Row>): JSX.Element {
  const isSorted = sorting?.by === column.name;
  const order = !isSorted ? 'none' : sorting.descending ? 'descending' : 'ascending';
  const width = column.width === undefined ? {} : { style: { width: column.width } };
  if (column.sortable !== true || onSort === undefined) {
    return (
      <th scope="col" class={cellClass(column)} {...width}>
        {column.title}
      </th>
    );
  }
  return (
    <th scope="col" class={cellClass(column)} aria-sort={order} {...width}>
      <button type="button" onClick={() => onSort({ by: column.name, descending: isSorted ? !sorting.descending : false })}>
        {column.title}
        {isSorted && <Icon name={sorting.descending ? 'down' : 'up'} />}
      </button>
    </th>
  );
}

function cellClass<Row>({ numeric = false, from }: Column<Row>): string {
  return [numeric ? 'numeric' : '', from === undefined ? '' : `from-${from}`].join(' ').trim();
}

/** Which rows are seen, and some before and behind them. */
function useWindow(
  scroller: { readonly current: HTMLDivElement | null },
  count: number,
  onNearEnd: (() => void) | undefined,
): { readonly first: number; readonly end: number } {
  const [range, setRange] = useState({ first: 0, end: Math.min(count, rowsAtFirst) });
  const nearEnd = useRef(onNearEnd);
  nearEnd.current = onNearEnd;
  const look = (): void => {
    const { current } = scroller;
    if (current === null) return;
    const first = Math.max(0, Math.floor(current.scrollTop / rowHeight) - rowsBeyond);
    const end = Math.min(count, Math.ceil((current.scrollTop + current.clientHeight) / rowHeight) + rowsBeyond);
    setRange((before) => (before.first === first && before.end === end ? before : { first, end }));
    if (end >= count) nearEnd.current?.();
  };
  useLayoutEffect(look, [count]);
  useEffect(() => {
    const { current } = scroller;
    if (current === null) return undefined;
    const resized = new ResizeObserver(look);
    resized.observe(current);
    current.addEventListener('scroll', look, { passive: true });
    return () => {
      resized.disconnect();
      current.removeEventListener('scroll', look);
    };
  }, [count]);
  return { first: Math.min(range.first, count), end: Math.min(Math.max(range.end, Math.min(count, rowsAtFirst)), count) };
}
