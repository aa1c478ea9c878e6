/** Fields as a list of dotted names, as queries name them; in the order of their names. */
export function flatFields(fields: Readonly<Record<string, unknown>>, prefix = ''): [name: string, value: unknown][] {
  return Object.entries(fields)
    .flatMap(([name, value]): [string, unknown][] => {
      const isObject = typeof value === 'object' && value !== null && !Array.isArray(value);
      return isObject && Object.keys(value).length > 0
        ? flatFields({ ...value }, `${prefix}${name}.`)
        : [[`${prefix}${name}`, value]];
    })
    .toSorted(([one], [other]) => (one < other ? -1 : 1));
}

export function valueText(value: unknown): string {
  return typeof value === 'string' ? value : (JSON.stringify(value) ?? '');
}

/** What a line that is JSON says itself, where no pipeline looked at it; undefined of other lines. */
export function fieldsInLine(line: string): Readonly<Record<string, unknown>> | undefined {
  if (!line.startsWith('{')) return undefined;
  try {
    const value: unknown = JSON.parse(line);
    return typeof value === 'object' && value !== null ? { ...value } : undefined;
  } catch {
    return undefined;
  }
}
