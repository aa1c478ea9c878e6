/** The columns of a Lens chart: what is counted or measured, and by what. */
import { ecsFields } from '../../../../processing/ecs/ecs-fields.ts';
import type { Breakdown, Format, Value } from '../chart.ts';
import { kqlOf } from '../condition.ts';

/** What Lens calls the number of documents. */
export const recordsField = '___records___';
export const timeColumn = 'time';

export interface LensColumn {
  readonly label: string;
  readonly customLabel: true;
  readonly dataType: 'date' | 'ip' | 'number' | 'string';
  readonly operationType: 'date_histogram' | 'terms' | Value['of'];
  readonly isBucketed: boolean;
  readonly scale: 'interval' | 'ordinal' | 'ratio';
  readonly sourceField: string;
  readonly params: Readonly<Record<string, unknown>>;
  readonly filter?: { readonly query: string; readonly language: 'kuery' };
  readonly timeScale?: 's';
}

export function valueColumnId(index: number): string {
  return `value-${index}`;
}

export function breakdownColumnId(index: number): string {
  return `by-${index}`;
}

export const timeColumnOf = (): LensColumn => ({
  label: 'Time',
  customLabel: true,
  dataType: 'date',
  operationType: 'date_histogram',
  isBucketed: true,
  scale: 'interval',
  sourceField: '@timestamp',
  params: { interval: 'auto', includeEmptyRows: true, dropPartials: false },
});

/** Those that have most of the first value come first. */
export function termsColumn({ field, label, size }: Breakdown): LensColumn {
  return {
    label,
    customLabel: true,
    dataType: dataTypeOf(field),
    operationType: 'terms',
    isBucketed: true,
    scale: 'ordinal',
    sourceField: field,
    params: {
      size,
      orderBy: { type: 'column', columnId: valueColumnId(0) },
      orderDirection: 'desc',
      otherBucket: false,
      missingBucket: false,
      parentFormat: { id: 'terms' },
      include: [],
      exclude: [],
      includeIsRegex: false,
      excludeIsRegex: false,
    },
  };
}

/** What fields of pipelines' own have that values are counted by is text. */
function dataTypeOf(field: string): LensColumn['dataType'] {
  const type = ecsFields.get(field);
  if (type === 'ip' || type === 'ip[]') return 'ip';
  return type === 'long' ? 'number' : 'string';
}

export function valueColumn({ of, field, label, percentile, only, format, isRate }: Value): LensColumn {
  return {
    label,
    customLabel: true,
    dataType: 'number',
    operationType: of,
    isBucketed: false,
    scale: 'ratio',
    sourceField: field ?? recordsField,
    params: {
      emptyAsNull: true,
      ...(percentile !== undefined && { percentile }),
      ...(format !== undefined && { format: lensFormat(format) }),
    },
    ...(only !== undefined && { filter: { query: kqlOf(only), language: 'kuery' } }),
    ...(isRate === true && { timeScale: 's' }),
  };
}

function lensFormat(format: Format): object {
  return { id: format, params: { decimals: format === 'number' ? 0 : 1 } };
}
