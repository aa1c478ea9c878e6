/** Labels that come from a container's engine, made to fit a stream. */
import { labelNameBytesMax, labelsMax, labelValueBytesMax } from '@tributary/protocol/limits.ts';

export type Labels = Readonly<Record<string, string>>;

/**
 * The first layers matter most: a name that is there already stays as it is, and when there are too many the last ones are left out.
 * Without value: left out. A value that is too long is cut at the end of a character.
 */
export function streamLabels(layers: readonly Labels[]): { readonly labels: Labels; readonly leftOut: number } {
  const labels = new Map<string, string>();
  let leftOut = 0;
  for (const layer of layers) {
    for (const [name, value] of Object.entries(layer)) {
      if (value === '' || labels.has(name)) continue;
      if (labels.size >= labelsMax || name === '' || Buffer.byteLength(name) > labelNameBytesMax) leftOut += 1;
      else labels.set(name, shortened(value));
    }
  }
  return { labels: Object.fromEntries(labels), leftOut };
}

/** Names as Elastic's shippers write them: a dot would make `app` and `app.name` an object and a text of the same name. */
export function prefixed(prefix: string, labels: Labels): Labels {
  const sorted = Object.entries(labels).toSorted(([left], [right]) => (left < right ? -1 : 1));
  return Object.fromEntries(sorted.map(([name, value]) => [`${prefix}.${name.replaceAll('.', '_')}`, value]));
}

/** A log type that a label names, in the letters that a type may have; undefined when nothing is left. */
export function typeFrom(value: string | undefined): string | undefined {
  const name = (value ?? '')
    .toLowerCase()
    .replaceAll(/[^a-z\d_]+/g, '_')
    .slice(0, typeCharactersMax);
  return /[a-z\d]/.test(name) ? name : undefined;
}

const typeCharactersMax = 50;

function shortened(value: string): string {
  const bytes = Buffer.from(value);
  if (bytes.length <= labelValueBytesMax) return bytes.toString();
  return new TextDecoder().decode(bytes.subarray(0, labelValueBytesMax), { stream: true });
}
