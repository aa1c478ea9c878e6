/** Options as a reload looks at them: whole, or in the parts that change on their own. */
import { hubOptions, type HubOptions } from '../options.ts';

/** `quotas`, `listeners.push`. */
export type OptionPath = string;

/** Whose parts are looked at one by one. */
const inParts: ReadonlySet<string> = new Set(['listeners', 'queue', 'log']);

/** Each option once, in the order of the page. */
export const wholeOptions: readonly OptionPath[] = Object.entries(hubOptions.shape).flatMap(([name]) =>
  inParts.has(name) ? partsOf(name) : [name],
);

function partsOf(name: string): OptionPath[] {
  const value: unknown = Reflect.get(hubOptions.parse({}), name);
  const optional = name === 'listeners' ? ['http'] : name === 'queue' ? ['redis'] : [];
  return [...new Set([...Object.keys(Object(value)), ...optional])].map((part) => `${name}.${part}`);
}

export function valueOf(options: HubOptions, path: OptionPath): unknown {
  const [name = '', part] = path.split('.');
  const value: unknown = Reflect.get(options, name);
  if (part === undefined || typeof value !== 'object' || value === null) return value;
  return Reflect.get(value, part);
}

/** With the value that `from` has at this path. */
export function withValueOf(options: HubOptions, path: OptionPath, from: HubOptions): HubOptions {
  const [name = '', part] = path.split('.');
  if (part === undefined) return { ...options, [name]: valueOf(from, path) };
  return { ...options, [name]: { ...Object(Reflect.get(options, name)), [part]: valueOf(from, path) } };
}
