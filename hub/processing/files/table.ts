/**
 * Tables that are looked up in: CSV with a line of names (RFC 4180), or JSON: a list of objects, or one object with the keys' values as names.
 * A row is found by what it has in one or more columns; of several rows with the same, the first one.
 */
export type Cell = string | number | boolean;

export interface Table {
  /** Undefined where there is no such row. Keys in the order of the columns that the table was made for. */
  find(keys: readonly string[]): ReadonlyMap<string, Cell> | undefined;
}

export interface TableRequest {
  readonly format: 'csv' | 'json';
  /** Columns that a row is found by. */
  readonly keys: readonly string[];
  /** Columns that are wanted of a row. */
  readonly columns: readonly string[];
  readonly ignoreCase: boolean;
}

type Row = Readonly<Record<string, unknown>>;

const tableBytesMax = 128 * 1024 * 1024;
const rowsMax = 2_000_000;
const utf8 = new TextDecoder('utf-8', { fatal: true });

/** Throws an Error for people. */
export function readTable(bytes: Buffer<ArrayBuffer>, request: TableRequest): Table {
  if (bytes.length > tableBytesMax) throw new Error(`is larger than ${tableBytesMax / 1024 / 1024} MiB`);
  const text = textOf(bytes);
  const rows = request.format === 'csv' ? csvRows(text, request) : jsonRows(text, request);
  const { ignoreCase } = request;
  const found = new Map<string, ReadonlyMap<string, Cell>>();
  for (const row of rows) {
    const name = nameOf(
      request.keys.map((key) => textOfCell(row[key])),
      ignoreCase,
    );
    if (!found.has(name)) found.set(name, cellsOf(row, request.columns));
    if (found.size > rowsMax) throw new Error(`has more than ${rowsMax} rows`);
  }
  return { find: (keys) => found.get(nameOf(keys, ignoreCase)) };
}

function textOf(bytes: Buffer): string {
  try {
    return utf8.decode(bytes);
  } catch (cause) {
    throw new Error('is not UTF-8 text', { cause });
  }
}

function nameOf(keys: readonly string[], ignoreCase: boolean): string {
  const [only = '', ...others] = keys;
  const name = others.length === 0 ? only : JSON.stringify(keys);
  return ignoreCase ? name.toLowerCase() : name;
}

function textOfCell(value: unknown): string {
  return typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean' ? String(value) : '';
}

/** An empty cell says nothing. */
function cellsOf(row: Row, columns: readonly string[]): ReadonlyMap<string, Cell> {
  const cells = new Map<string, Cell>();
  for (const column of columns) {
    const value = row[column];
    if ((typeof value === 'string' && value !== '') || typeof value === 'number' || typeof value === 'boolean')
      cells.set(column, value);
  }
  return cells;
}

function* csvRows(text: string, { keys, columns }: TableRequest): Generator<Row> {
  let names: readonly string[] | undefined;
  for (const { line, cells } of csvLines(text)) {
    if (names === undefined) {
      names = cells;
      const missing = [...keys, ...columns].find((column) => !cells.includes(column));
      if (missing !== undefined) throw new Error(`line ${line}: has no column ${missing}`);
      continue;
    }
    if (cells.length !== names.length) throw new Error(`line ${line}: has ${cells.length} cells instead of ${names.length}`);
    yield Object.fromEntries(names.map((name, index) => [name, cells[index] ?? '']));
  }
  if (names === undefined) throw new Error('is empty: its first line names the columns');
}

interface CsvLine {
  /** That it begins in. */
  readonly line: number;
  readonly cells: readonly string[];
}

const quoted = /"((?:[^"]|"")*)"/y;
const plain = /[^",\r\n]*/y;

/** Empty lines are passed over. */
function* csvLines(text: string): Generator<CsvLine> {
  let at = 0;
  let line = 1;
  while (at < text.length) {
    const begin = line;
    const cells: string[] = [];
    for (let more = true; more;) {
      const isQuoted = text[at] === '"';
      const pattern = isQuoted ? quoted : plain;
      pattern.lastIndex = at;
      const match = pattern.exec(text);
      if (match === null) throw new Error(`line ${begin}: has a quotation mark that is not closed`);
      cells.push(isQuoted ? (match[1] ?? '').replaceAll('""', '"') : match[0]);
      for (const character of match[0].matchAll(/\n/g)) line += character.length;
      at += match[0].length;
      more = text[at] === ',';
      if (more) at += 1;
    }
    const end = /\r?\n|$/y;
    end.lastIndex = at;
    const lineEnd = end.exec(text);
    if (lineEnd === null) throw new Error(`line ${begin}: has something behind a quotation mark, or one within a cell`);
    at += lineEnd[0].length;
    line += 1;
    if (cells.length > 1 || cells[0] !== '') yield { line: begin, cells };
  }
}

function* jsonRows(text: string, { keys, columns }: TableRequest): Generator<Row> {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    throw new Error(`is not JSON: ${error instanceof Error ? error.message : String(error)}`, { cause: error });
  }
  if (Array.isArray(value)) {
    for (const [index, row] of value.entries()) {
      if (!isRow(row)) throw new Error(`entry ${index + 1}: is no object`);
      yield row;
    }
    return;
  }
  if (!isRow(value)) throw new Error('is neither a list of objects nor an object');
  const [key, ...otherKeys] = keys;
  const [column, ...otherColumns] = columns;
  if (otherKeys.length > 0) throw new Error('is an object, whose names are one key: `by` names several');
  for (const [name, row] of Object.entries(value)) {
    if (isRow(row)) yield { ...row, [key ?? '']: name };
    else if (otherColumns.length === 0) yield { [key ?? '']: name, [column ?? '']: row };
    else throw new Error(`${name}: is no object`);
  }
}

function isRow(value: unknown): value is Row {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
