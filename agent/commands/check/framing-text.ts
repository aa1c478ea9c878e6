import type { FilterOptions, MultilineOptions } from '../../framing/framing-options.ts';

/** What a record is, for a person. */
export function framingText(options: {
  /** What the source is made of, where that is not lines. */
  readonly unit?: string;
  readonly encoding: string;
  readonly container?: 'docker' | 'cri' | undefined;
  readonly multiline?: MultilineOptions | undefined;
  readonly filters?: FilterOptions | undefined;
}): string {
  const { unit = 'lines', encoding, container, multiline, filters } = options;
  const line =
    container === undefined
      ? `${unit}, ${encoding}`
      : `lines of ${container === 'docker' ? 'Docker' : 'the container runtime'}, split ones joined`;
  return [line, multilineText(multiline), ...filterTexts(filters)].filter((part) => part !== '').join('; ');
}

function multilineText(multiline: MultilineOptions | undefined): string {
  if (multiline === undefined) return '';
  const { preset, start, continuation, end, count, negate } = multiline;
  if (preset !== undefined) return `joined to traces of ${preset}`;
  if (count !== undefined) return `${count} lines are a record`;
  const does = negate ? 'does not match' : 'matches';
  if (start !== undefined) return `a record begins where a line ${does} ${start}`;
  if (end !== undefined) return `a record ends where a line ${does} ${end}`;
  return `a line that ${does} ${continuation ?? ''} belongs to the record before it`;
}

function filterTexts(filters: FilterOptions | undefined): string[] {
  if (filters === undefined) return [];
  const { include, exclude, sample, redact } = filters;
  const texts: string[] = [];
  if (include.length > 0) texts.push(`only what matches ${include.join(' or ')}`);
  if (exclude.length > 0) texts.push(`without what matches ${exclude.join(' or ')}`);
  if (sample !== undefined) {
    texts.push(`${sample.keep * 100} % of ${sample.match === undefined ? 'them' : `what matches ${sample.match}`} kept`);
  }
  const masked = [...(redact?.presets ?? []), ...(redact?.patterns ?? [])];
  if (masked.length > 0) texts.push(`masked: ${masked.join(', ')}`);
  return texts;
}
