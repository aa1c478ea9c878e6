/** The text that Prometheus reads, version 0.0.4 of its format: of the agent as of the hub. */
export type Labels = Readonly<Record<string, string>>;

export interface Sample {
  readonly labels?: Labels;
  readonly value: number;
  /** Of a histogram: which part of it. */
  readonly part?: '_bucket' | '_sum' | '_count';
}

export interface Metric {
  readonly name: string;
  readonly type: 'counter' | 'gauge' | 'histogram';
  readonly help: string;
  readonly samples: readonly Sample[];
}

export interface HistogramFigures {
  /** Upper bounds, ascending. */
  readonly bounds: readonly number[];
  /** Observed up to each bound, not those up to the bounds before it. */
  readonly counts: readonly number[];
  readonly sum: number;
  /** All, also beyond the last bound. */
  readonly count: number;
}

export const contentType = 'text/plain; version=0.0.4; charset=utf-8';

export function expositionText(metrics: readonly Metric[]): string {
  return metrics.map(metricText).join('');
}

export function histogramSamples(labels: Labels, { bounds, counts, sum, count }: HistogramFigures): Sample[] {
  let upTo = 0;
  const buckets = bounds.map((bound, index): Sample => {
    upTo += counts[index] ?? 0;
    return { part: '_bucket', labels: { ...labels, le: String(bound) }, value: upTo };
  });
  return [
    ...buckets,
    { part: '_bucket', labels: { ...labels, le: '+Inf' }, value: count },
    { part: '_sum', labels, value: sum },
    { part: '_count', labels, value: count },
  ];
}

/** A metric without samples is left out: there is nothing of it now. */
function metricText({ name, type, help, samples }: Metric): string {
  if (samples.length === 0) return '';
  const lines = samples.map(({ labels = {}, value, part = '' }) => `${name}${part}${labelsText(labels)} ${value}\n`);
  return `# HELP ${name} ${help.replaceAll('\\', String.raw`\\`).replaceAll('\n', String.raw`\n`)}\n# TYPE ${name} ${type}\n${lines.join('')}`;
}

function labelsText(labels: Labels): string {
  let text = '';
  for (const name in labels) text += `${text === '' ? '{' : ','}${name}="${escaped(labels[name] ?? '')}"`;
  return text === '' ? '' : `${text}}`;
}

function escaped(value: string): string {
  if (!/[\\"\n]/.test(value)) return value;
  return value
    .replaceAll('\\', String.raw`\\`)
    .replaceAll('"', String.raw`\"`)
    .replaceAll('\n', String.raw`\n`);
}
