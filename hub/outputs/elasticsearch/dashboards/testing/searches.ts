/** A search that a chart makes, and where in its answer the values are: for tests. */
export interface ChartSearch {
  readonly name: string;
  readonly indices: string;
  readonly body: object;
  /** Of every column or metric that has values. */
  readonly values: readonly ChartValue[];
  readonly fields: readonly string[];
}

export interface ChartValue {
  readonly label: string;
  /** Of the aggregation; undefined: how many documents. */
  readonly name: string | undefined;
  /** It is within one that filters. */
  readonly isFiltered: boolean;
}

/** Every value of an aggregation of this name, at any depth of buckets. */
export function valuesIn(answer: unknown, { name, isFiltered }: ChartValue): number[] {
  if (typeof answer !== 'object' || answer === null) return [];
  const found: number[] = [];
  for (const [key, inner] of Object.entries(answer)) {
    if (key === name) found.push(...numbersOf(inner, isFiltered));
    else if (name === undefined && key === 'doc_count' && typeof inner === 'number') found.push(inner);
    else found.push(...valuesIn(inner, { label: '', name, isFiltered }));
  }
  return found;
}

/** `{value: 5}`, `{values: {'95.0': 5}}`, `{doc_count: 5}`, or one of these below the name `inner`. */
function numbersOf(value: unknown, isFiltered: boolean): number[] {
  if (typeof value !== 'object' || value === null) return [];
  const inner: unknown = Reflect.get(value, 'inner');
  if (isFiltered && inner !== undefined) return numbersOf(inner, false);
  const [plain, many, documents]: unknown[] = ['value', 'values', 'doc_count'].map((name) => Reflect.get(value, name));
  if (typeof plain === 'number') return [plain];
  if (typeof many === 'object' && many !== null) return Object.values(many).filter((one) => typeof one === 'number');
  return typeof documents === 'number' ? [documents] : [];
}
