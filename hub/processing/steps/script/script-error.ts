/** What a script's errors say, and where. They are whatever it throws: nothing of them is trusted. */

const reasonCharactersMax = 500;

export function reasonOf(error: unknown): string {
  return text(() => {
    if (typeof error === 'string' && error !== '') return error;
    if (typeof error !== 'object' || error === null) return `it threw ${primitive(error)}`;
    const { name, message } = error as { readonly name?: unknown; readonly message?: unknown };
    if (message === '' && typeof name === 'string' && name !== '') return `it threw ${name} without a message`;
    const said = typeof message === 'string' && message !== '' ? message : `it threw ${shown(error)}`;
    // That it is an Error says nothing.
    return typeof name === 'string' && !['', 'Error', 'SyntaxError'].includes(name) && !said.startsWith(name)
      ? `${name}: ${said}`
      : said;
  });
}

/** `name:line:column` of the first of a script's lines on the stack. */
export function placeOf(error: unknown, name: string): string | undefined {
  const stack = stackOf(error);
  for (const line of stack.split('\n')) {
    const from = /^ {4}at /.test(line) ? line.lastIndexOf(`${name}:`) : -1;
    const place = from === -1 ? undefined : /^:(\d+):(\d+)/.exec(line.slice(from + name.length));
    if (place !== undefined && place !== null) return `${name}${place[0]}`;
  }
  return undefined;
}

/**
 * Of a text that could not be compiled: its stack begins with the line's number and the lines around it, with a mark below the place.
 * `before`: characters on the first line that the script has not.
 */
export function startOfStack(error: unknown, name: string, before = 0): string {
  const [head = '', ...lines] = stackOf(error).split('\n');
  const line = /:(\d+)$/.exec(head)?.[1];
  if (line === undefined) return name;
  const marked = lines.slice(0, 4).find((one) => /^ *\^+ *$/.test(one)) ?? '';
  const column = marked.indexOf('^') + 1 - (line === '1' ? before : 0);
  return column < 1 ? `${name}:${line}` : `${name}:${line}:${column}`;
}

function stackOf(error: unknown): string {
  if (typeof error !== 'object' || error === null) return '';
  return text(() => shown((error as { readonly stack?: unknown }).stack ?? ''));
}

function shown(value: unknown): string {
  return typeof value === 'string' ? value : (JSON.stringify(value) ?? `a ${typeof value}`);
}

function primitive(value: unknown): string {
  if (typeof value === 'function') return 'a function';
  if (typeof value === 'bigint') return `${value}n`;
  return typeof value === 'string' ? 'an empty text' : String(value);
}

function text(read: () => string): string {
  try {
    return read().slice(0, 10 * reasonCharactersMax);
  } catch {
    return 'it threw what cannot be shown';
  }
}
