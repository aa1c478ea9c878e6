/** Whether a row of the archive meets a condition. What a pipeline found is parsed only where the condition asks for it, and once a row. */
import { platformType } from '@tributary/protocol/platform/document.ts';
import { unreachable } from '@tributary/shared/assert.ts';
import { mayHoldEncodings, RowDecoders } from '../encoding-flag.ts';
import { type Comparison, type Condition, fieldsCalled } from './condition.ts';
import { type FrameRows, rawOf } from './frame-rows.ts';
import { areFieldsRaw } from './row-fields.ts';

export interface RowTest {
  matches(rows: FrameRows): boolean;
}

export interface RowTestOptions {
  readonly frame: Buffer;
  /** `tenant/type`. */
  readonly channel: string;
  readonly ignoreCase?: boolean | undefined;
}

type ValueTest = (value: unknown) => boolean;
type Compiled = (row: CurrentRow) => boolean;

/** False where no row of a frame can meet a condition, told from its bytes: of a machine, a stream or a field that is nowhere in it. */
export function mayMeet(frame: Buffer, condition: Condition, ignoreCase = false): boolean {
  switch (condition.kind) {
    case 'and':
      return condition.of.every((part) => mayMeet(frame, part, ignoreCase));
    case 'or':
      return condition.of.some((part) => mayMeet(frame, part, ignoreCase));
    case 'is': {
      if (!plainColumns.has(condition.field)) return mayHold(frame, condition.field);
      return ignoreCase || /[",\r\n]/.test(condition.value) || frame.includes(`,${condition.value},`);
    }
    case 'like':
    case 'exists':
    case 'compare':
      return mayHold(frame, condition.field);
    default:
      return true;
  }
}

/** Whether a field of this name may be among these bytes of rows: its last part stands there as it is, unless its JSON has letters behind backslashes. */
function mayHold(bytes: Buffer, field: string): boolean {
  const names = fieldsCalled(field);
  if (names.some((name) => rowsOwn.has(name) || name.includes('/')) || mayHoldEncodings(bytes)) return true;
  return names.some((name) => bytes.includes(name.slice(name.lastIndexOf('.') + 1))) || bytes.includes('\\u');
}

/** They stand in the row as they are, with commas around them. */
const plainColumns: ReadonlySet<string> = new Set(['host', 'agent', 'stream']);

/** For the rows of one frame. */
export function rowTest(condition: Condition, options: RowTestOptions): RowTest {
  const row = new CurrentRow(options);
  const test = compiled(condition, options.ignoreCase === true);
  return {
    matches: (rows) => {
      row.begin(rows);
      return test(row);
    },
  };
}

function compiled(condition: Condition, ignoreCase: boolean): Compiled {
  switch (condition.kind) {
    case 'and': {
      const all = condition.of.toSorted((a, b) => costOf(a) - costOf(b)).map((part) => compiled(part, ignoreCase));
      return (row) => all.every((test) => test(row));
    }
    case 'or': {
      const any = condition.of.map((part) => compiled(part, ignoreCase));
      return (row) => any.some((test) => test(row));
    }
    case 'not': {
      const test = compiled(condition.of, ignoreCase);
      return (row) => !test(row);
    }
    case 'word': {
      const wanted = condition.text.toLowerCase();
      return (row) => row.line().toLowerCase().includes(wanted);
    }
    case 'exists':
      return onField(condition.field, (value) => value !== null && value !== undefined);
    case 'is':
      return onField(condition.field, isValue(condition.field, condition.value, ignoreCase));
    case 'like':
      return onField(condition.field, isLike(condition.pattern, ignoreCase));
    case 'compare':
      return onField(condition.field, compares(condition.by, condition.value));
    default:
      return unreachable(condition);
  }
}

/** What a row says by itself is cheap to look at, its line less so, and what a pipeline found has to be parsed. */
function costOf(condition: Condition): number {
  switch (condition.kind) {
    case 'and':
    case 'or':
      return Math.max(0, ...condition.of.map(costOf));
    case 'not':
      return costOf(condition.of);
    case 'word':
      return 1;
    default:
      return isLine(condition.field) ? 1 : cheapFields.has(condition.field) ? 0 : 2;
  }
}

const cheapFields: ReadonlySet<string> = new Set(['tenant', 'type', 'host', 'agent', 'stream', 'source', 'received']);
/** What a row tells without having the name in it. */
const rowsOwn: ReadonlySet<string> = new Set([
  ...cheapFields,
  'line',
  'message',
  '@timestamp',
  'host.name',
  'agent.id',
  'log.file.path',
]);

function onField(field: string, test: ValueTest): Compiled {
  const names = fieldsCalled(field).map((name) => name.split('.'));
  return (row) => row.mayHold(field) && names.some((path) => row.values(path).some(test));
}

/** The line holds it; any other field is it. */
function isValue(field: string, value: string, ignoreCase: boolean): ValueTest {
  if (isLine(field)) {
    const wanted = value.toLowerCase();
    return (found) => typeof found === 'string' && found.toLowerCase().includes(wanted);
  }
  const number = numberOf(value);
  const lower = value.toLowerCase();
  return (found) => {
    if (typeof found === 'string') return found === value || (ignoreCase && found.toLowerCase() === lower);
    if (typeof found === 'number') return found === number;
    return typeof found === 'boolean' && String(found) === lower;
  };
}

/** Of letters, digits and the like; a pattern of stars and question marks alone cannot backtrack over lines. */
function isLike(pattern: string, ignoreCase: boolean): ValueTest {
  const wanted = partsOf(ignoreCase ? pattern.toLowerCase() : pattern);
  return (found) => {
    if (typeof found !== 'string' && typeof found !== 'number') return false;
    const text = String(found);
    return fits(ignoreCase ? text.toLowerCase() : text, wanted);
  };
}

const any = Symbol('any text');
const one = Symbol('any character');
type Part = string | typeof any | typeof one;

/** A backslash makes text of what is behind it. */
function partsOf(pattern: string): readonly Part[] {
  return [...pattern.matchAll(/\\([*?\\])|([^])/gu)].map(([, escaped, character = '']) => {
    if (escaped !== undefined) return escaped;
    return character === '*' ? any : character === '?' ? one : character;
  });
}

/** The usual walk with one place to come back to: as many steps as text times pattern, at most. */
function fits(text: string, pattern: readonly Part[]): boolean {
  let [at, place, star, mark] = [0, 0, -1, 0];
  while (at < text.length) {
    if (pattern[place] === any) {
      star = place;
      mark = at;
      place += 1;
    } else if (place < pattern.length && (pattern[place] === one || pattern[place] === text[at])) {
      at += 1;
      place += 1;
    } else if (star !== -1) {
      mark += 1;
      at = mark;
      place = star + 1;
    } else return false;
  }
  while (pattern[place] === any) place += 1;
  return place === pattern.length;
}

/** By number where both are, by time where both are; else by text. */
function compares(by: Comparison, value: string): ValueTest {
  const number = numberOf(value);
  const time = timeOf(value);
  return (found) => {
    if (typeof found !== 'string' && typeof found !== 'number') return false;
    const foundNumber = typeof found === 'number' ? found : numberOf(found);
    if (number !== undefined && foundNumber !== undefined) return isOrdered(by, foundNumber - number);
    if (typeof found === 'number' || number !== undefined) return false;
    const foundTime = time === undefined ? undefined : timeOf(found);
    if (time !== undefined && foundTime !== undefined) return isOrdered(by, foundTime - time);
    return isOrdered(by, found < value ? -1 : found > value ? 1 : 0);
  };
}

function isOrdered(by: Comparison, difference: number): boolean {
  switch (by) {
    case '>':
      return difference > 0;
    case '>=':
      return difference >= 0;
    case '<':
      return difference < 0;
    case '<=':
      return difference <= 0;
    default:
      return unreachable(by);
  }
}

function numberOf(text: string): number | undefined {
  return /^-?\d+(\.\d+)?(e[+-]?\d+)?$/i.test(text) ? Number(text) : undefined;
}

function timeOf(text: string): number | undefined {
  const ms = /^\d{4}-\d\d-\d\d/.test(text) ? Date.parse(text) : Number.NaN;
  return Number.isNaN(ms) ? undefined : ms;
}

function isLine(field: string): boolean {
  return field === 'line' || field === 'message';
}

class CurrentRow {
  readonly #frame: Buffer;
  readonly #tenant: string;
  readonly #type: string;
  readonly #decoders = new RowDecoders({ fatal: false });
  #rows: FrameRows | undefined;
  #line: string | undefined;
  #fields: unknown;
  #isParsed = false;

  constructor({ frame, channel }: RowTestOptions) {
    this.#frame = frame;
    const [tenant = '', type = ''] = channel.split('/');
    this.#tenant = tenant;
    this.#type = type;
  }

  begin(rows: FrameRows): void {
    this.#rows = rows;
    this.#line = undefined;
    this.#isParsed = false;
  }

  /** False where the row has no such field, told without reading it as JSON: of rows of many kinds most have not. */
  mayHold(field: string): boolean {
    const rows = this.#rows;
    return rows === undefined || this.#isParsed || mayHold(this.#frame.subarray(rows.rowStart, rows.rowEnd), field);
  }

  /** What a field has; nothing where the record has no such field. */
  values(path: readonly string[]): readonly unknown[] {
    const own = path.length === 1 ? this.#own(path[0] ?? '') : undefined;
    if (own !== undefined) return [own];
    const source = this.#rows?.source;
    if (path[0] === 'labels' && source !== undefined && source.labels !== '') {
      const values = valuesAt(parsed(source.labels), path.slice(1));
      if (values.length > 0) return values;
    }
    const found = valuesAt(this.#parsedFields(), path);
    if (found.length > 0) return found;
    const alias = path.join('.');
    if (alias === 'host.name') return [source?.host];
    return alias === 'agent.id' ? [source?.agent] : alias === 'log.file.path' ? [source?.source] : [];
  }

  line(): string {
    const rows = this.#rows;
    if (rows === undefined) return '';
    this.#line ??= this.#decoded(rows);
    return this.#line;
  }

  #decoded(rows: FrameRows): string {
    const raw = rawOf(this.#frame, rows);
    const decoder = this.#decoders.of(rows.place()[2] ?? '');
    return decoder === undefined ? raw.toString('utf8') : decoder.decode(raw);
  }

  /** What the row itself says. A field of the same name that a pipeline found is asked for by its whole path. */
  #own(name: string): string | undefined {
    const source = this.#rows?.source;
    switch (name) {
      case 'tenant':
        return this.#tenant;
      case 'type':
        return this.#type;
      case 'host':
      case 'agent':
      case 'stream':
      case 'source':
      case 'received':
        return source?.[name];
      case 'line':
        return this.line();
      case 'message':
        return this.#told('message') ?? this.line();
      case '@timestamp': {
        const event = this.#rows?.place()[3] ?? '';
        return event === '' ? (this.#told('@timestamp') ?? source?.received) : event;
      }
      default:
        return undefined;
    }
  }

  /** A document of the platform channel tells its own time and message. */
  #told(name: string): string | undefined {
    if (this.#type !== platformType) return undefined;
    const [value] = valuesAt(this.#parsedFields(), [name]);
    return typeof value === 'string' ? value : undefined;
  }

  #parsedFields(): unknown {
    if (this.#isParsed) return this.#fields;
    this.#isParsed = true;
    const rows = this.#rows;
    if (rows !== undefined) this.#fields = parsed(areFieldsRaw(rows, this.#type) ? this.line() : (rows.fields() ?? ''));
    return this.#fields;
  }
}

function parsed(text: string): unknown {
  if (text === '') return undefined;
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** Names may have dots in them: `{"http.response": {"status_code": 500}}` is found as well. */
function valuesAt(value: unknown, path: readonly string[]): readonly unknown[] {
  if (path.length === 0) return Array.isArray(value) ? value : [value];
  if (Array.isArray(value)) return value.flatMap((each: unknown) => valuesAt(each, path));
  if (typeof value !== 'object' || value === null) return [];
  const found: unknown[] = [];
  for (let parts = 1; parts <= path.length; parts += 1) {
    const name = path.slice(0, parts).join('.');
    if (Object.hasOwn(value, name)) found.push(...valuesAt(Reflect.get(value, name), path.slice(parts)));
  }
  return found;
}
