/**
 * The names of indices: the only place that makes them. Log types go to the data stream `logs-<type>-<tenant>`; with `indices: daily` to
 * `<name>-YYYY.MM.DD`, behind an alias `<name>`. The day is that of the document's own time, so that a document that is sent again goes where
 * it went before; of a time that is far from when the document was received it is the day of that, as else anybody who writes a wild time into
 * a line makes an index by it.
 */

export interface IndexRules {
  readonly indices: 'data_stream' | 'daily';
  readonly platformNames: 'platform' | 'beats';
  /** Of daily indices: how long before, and after, a document was received its own day may be. */
  readonly dayPastMs: number;
  readonly dayFutureMs: number;
}

type DayRules = Omit<IndexRules, 'platformNames'>;

/** Both in milliseconds of the epoch. */
export interface DocumentTimes {
  readonly timeMs: number;
  readonly receivedMs: number;
}

const nameBytesMax = 255;
/** Of a day: `-2026.11.22`. */
const dayBytes = 11;
const dayMs = 86_400_000;

export function logsName(tenant: string, type: string): string {
  return `logs-${type}-${tenant}`;
}

/** Of a metric; `set` is one word of a name: `system.cpu`. Sites that ran Beats have all of them under one name. */
export function metricsName(tenant: string, set: string, { platformNames }: Pick<IndexRules, 'platformNames'>): string {
  return platformNames === 'beats' ? platformName(tenant, 'metricbeat') : `metrics-${set}-${tenant}`;
}

/** The set of such a name; undefined of any other. */
export function setOfMetrics(name: string, tenant: string): string | undefined {
  const { type, dataset, namespace } = dataStreamParts(name) ?? {};
  return type === 'metrics' && namespace === tenant ? dataset : undefined;
}

/** Of any other document of the platform channel. */
export function platformName(tenant: string, kind: string): string {
  return `platform-${kind}-${tenant}`;
}

/** Where a document of this name and time goes. */
export function indexOf(name: string, rules: DayRules, times: DocumentTimes): string {
  if (rules.indices !== 'daily') return name;
  return `${name}-${dayOf(isWild(rules, times) ? times.receivedMs : times.timeMs)}`;
}

/** Whether it goes to the index of another day than its own. */
export function isWild({ indices, dayPastMs, dayFutureMs }: DayRules, { timeMs, receivedMs }: DocumentTimes): boolean {
  return indices === 'daily' && (timeMs < receivedMs - dayPastMs || timeMs > receivedMs + dayFutureMs);
}

let lastDay = Number.NaN;
let lastDayText = '';

/** In UTC: `2026.11.22`. */
export function dayOf(timeMs: number): string {
  const day = Math.floor(timeMs / dayMs);
  if (day !== lastDay) {
    lastDayText = new Date(day * dayMs).toISOString().slice(0, 10).replaceAll('-', '.');
    lastDay = day;
  }
  return lastDayText;
}

/** The alias of a day's index; undefined of any other name. */
export function aliasOfDay(index: string): string | undefined {
  return /^(.+)-\d{4}\.\d{2}\.\d{2}$/.exec(index)?.[1];
}

/** One that the hub itself makes, of a tenant and of what the documents are. */
export function isOwnName(name: string): boolean {
  const { type } = dataStreamParts(name) ?? {};
  return type === 'logs' || type === 'metrics' || type === 'platform';
}

/** What is wrong with a name that a pipeline gave; undefined where it is legal. Hidden and internal indices are not for pipelines. */
export function nameTrouble(name: string): string | undefined {
  if (name === '') return 'the name is empty';
  if (Buffer.byteLength(name) > nameBytesMax - dayBytes) return `the name has more than ${nameBytesMax - dayBytes} bytes`;
  if (/^[-_+.]/.test(name)) return 'a name does not begin with -, _, + or a point';
  if (/[\\/*?"<>|,#:\s]/.test(name)) return 'a name has no space, and none of \\ / * ? " < > | , # :';
  if (name !== name.toLowerCase()) return 'a name has no capital letters';
  return undefined;
}

/** The parts of a data stream's name; undefined of any other name. */
export function dataStreamParts(
  name: string,
): { readonly type: string; readonly dataset: string; readonly namespace: string } | undefined {
  const [type = '', dataset = '', ...rest] = name.split('-');
  const namespace = rest.join('-');
  return type === '' || dataset === '' || namespace === '' ? undefined : { type, dataset, namespace };
}
