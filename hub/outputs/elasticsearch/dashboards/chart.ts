/**
 * What is on a dashboard, before Kibana or Grafana has a say: charts of values by fields, tables, numbers, and a list of documents. Widths are
 * of 48 columns.
 */
import type { Condition } from './condition.ts';

/** The documents that a chart is of: one data view each. */
export type ViewName = 'logs' | 'metrics' | 'platform' | `type-${string}`;

export type Format = 'percent' | 'bytes' | 'number' | 'bits';

export interface Value {
  readonly of: 'count' | 'sum' | 'average' | 'min' | 'max' | 'unique_count' | 'percentile';
  readonly label: string;
  /** Of all but a plain count. */
  readonly field?: string;
  readonly percentile?: number;
  /** Only of documents that are so. */
  readonly only?: Condition;
  readonly format?: Format;
  /** Over time: by the second. */
  readonly isRate?: boolean;
}

export interface Breakdown {
  readonly field: string;
  readonly label: string;
  /** So many values, those that have most of the first value. */
  readonly size: number;
}

export interface Chart {
  /** Of its own on its dashboard: part of the object's id, for good. */
  readonly name: string;
  readonly title: string;
  /** `line`, `area` and `bars` are over time, with one breakdown at most; `ranks` are bars that lie, by one field. */
  readonly shape: 'line' | 'area' | 'bars' | 'ranks' | 'ring' | 'table' | 'number';
  readonly values: readonly Value[];
  readonly by?: readonly Breakdown[];
  readonly only?: Condition;
  readonly width: number;
  readonly height: number;
}

/** Documents one by one, newest first. */
export interface Listing {
  readonly name: string;
  readonly title: string;
  readonly columns: readonly string[];
  readonly only?: Condition;
}

/** A field that the person who looks chooses a value of. */
export interface Choice {
  readonly field: string;
  readonly label: string;
}

export interface Board {
  readonly name: string;
  readonly title: string;
  readonly description: string;
  readonly view: ViewName;
  /** Holds for all that is on it. */
  readonly only?: Condition;
  readonly choices: readonly Choice[];
  readonly charts: readonly Chart[];
  readonly listing?: Listing;
}

export const count = (label: string, only?: Condition): Value => ({ of: 'count', label, ...(only !== undefined && { only }) });

export const rate = (label: string, only?: Condition): Value => ({ ...count(label, only), isRate: true });

type More = Partial<Pick<Value, 'only' | 'format' | 'isRate'>>;

export function valueOf(of: Exclude<Value['of'], 'count' | 'percentile'>, field: string, label: string, more: More = {}): Value {
  return { of, field, label, ...more };
}

export function percentile(share: number, field: string, label: string, only?: Condition): Value {
  return { of: 'percentile', percentile: share, field, label, ...(only !== undefined && { only }) };
}

export function by(field: string, label: string, size = 10): Breakdown {
  return { field, label, size };
}

/** Numbers side by side, in one row. */
export function numbers(...named: readonly (readonly [name: string, value: Value, only?: Condition])[]): Chart[] {
  const width = Math.floor(48 / named.length);
  return named.map(([name, value, only]) => ({
    name,
    title: value.label,
    shape: 'number',
    values: [value],
    width,
    height: 6,
    ...(only !== undefined && { only }),
  }));
}
