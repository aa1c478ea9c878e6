/** Which documents a chart is about. Kibana's query language and Lucene's, which Grafana has, say the same of it. */
export type Condition =
  | { readonly field: string; readonly is: readonly Scalar[] }
  | { readonly field: string; readonly exists: true }
  | { readonly field: string; readonly from: number }
  | { readonly not: Condition }
  | { readonly all: readonly Condition[] };

export type Scalar = string | number | boolean;

/** One of these values. */
export function is(field: string, ...values: readonly Scalar[]): Condition {
  return { field, is: values };
}

export function has(field: string): Condition {
  return { field, exists: true };
}

export function atLeast(field: string, from: number): Condition {
  return { field, from };
}

export function not(condition: Condition): Condition {
  return { not: condition };
}

export function all(...conditions: readonly Condition[]): Condition {
  return { all: conditions };
}

export function kqlOf(condition: Condition | undefined): string {
  if (condition === undefined) return '';
  if ('not' in condition) return `not (${kqlOf(condition.not)})`;
  if ('all' in condition) return condition.all.map((one) => inBrackets(one, kqlOf)).join(' and ');
  const { field } = condition;
  if ('exists' in condition) return `${field} : *`;
  if ('from' in condition) return `${field} >= ${condition.from}`;
  return `${field} : ${listOf(condition.is, ' or ')}`;
}

export function luceneOf(condition: Condition | undefined): string {
  if (condition === undefined) return '*';
  // Lucene has no answer to a NOT that stands alone.
  if ('not' in condition) return `*:* AND NOT (${luceneOf(condition.not)})`;
  if ('all' in condition) return condition.all.map((one) => inBrackets(one, luceneOf)).join(' AND ');
  const { field } = condition;
  if ('exists' in condition) return `_exists_:${field}`;
  if ('from' in condition) return `${field}:>=${condition.from}`;
  return `${field}:${listOf(condition.is, ' OR ')}`;
}

function inBrackets(condition: Condition, write: (condition: Condition) => string): string {
  return 'all' in condition || 'not' in condition ? `(${write(condition)})` : write(condition);
}

function listOf(values: readonly Scalar[], or: string): string {
  const texts = values.map((value) =>
    typeof value === 'string' ? `"${value.replaceAll(/["\\]/g, String.raw`\$&`)}"` : `${value}`,
  );
  return texts.length === 1 ? texts.join('') : `(${texts.join(or)})`;
}
