/** Reading JSON that others wrote without believing what it holds: a wrong shape is an error that names the place. */
export function parseJson(text: string): unknown {
  return JSON.parse(text);
}

export function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** What is at a path of keys and indexes; undefined where there is nothing. */
export function at(value: unknown, ...path: readonly (string | number)[]): unknown {
  let here = value;
  for (const step of path) {
    if (typeof step === 'number') here = Array.isArray(here) ? (here[step] satisfies unknown) : undefined;
    else here = isObject(here) ? here[step] : undefined;
  }
  return here;
}

export function numberAt(value: unknown, ...path: readonly (string | number)[]): number {
  const found = at(value, ...path);
  if (typeof found !== 'number')
    throw new TypeError(`no number at ${path.join('.')} of ${JSON.stringify(value)?.slice(0, 2000)}`);
  return found;
}

export function textAt(value: unknown, ...path: readonly (string | number)[]): string {
  const found = at(value, ...path);
  if (typeof found !== 'string') throw new TypeError(`no text at ${path.join('.')} of ${JSON.stringify(value)?.slice(0, 2000)}`);
  return found;
}

export function listAt(value: unknown, ...path: readonly (string | number)[]): readonly unknown[] {
  const found = at(value, ...path);
  if (!Array.isArray(found)) throw new TypeError(`no list at ${path.join('.')} of ${JSON.stringify(value)?.slice(0, 2000)}`);
  return found;
}
