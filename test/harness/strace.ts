/**
 * Reads what `strace -f -yy -xx -o FILE` recorded. Its lines are in the order in which the kernel stopped the threads at the
 * beginning and at the end of each call, so `begin` and `end` of calls of different threads can be compared.
 */
export interface SystemCall {
  readonly name: string;
  /** What the first argument's descriptor is: a path, or `TCP:[…]`. Empty for a call without one. */
  readonly target: string;
  /** Bytes of the text arguments, one after the other. */
  readonly data: Buffer;
  readonly result: number;
  /** Numbers of the lines at which the call began and ended. */
  readonly begin: number;
  readonly end: number;
}

/** What goes before a command so that its calls are recorded; it keeps its process id, as the tracer is not its parent. */
export function straceCommand(file: string, calls: readonly string[]): readonly string[] {
  return ['strace', '-D', '-f', '-yy', '-xx', '-s', '8388608', '-e', `trace=${calls.join(',')}`, '-o', file];
}

export function parseStrace(text: string): readonly SystemCall[] {
  const calls: SystemCall[] = [];
  const unfinished = new Map<string, { head: string; begin: number }>();
  for (const [number, line] of text.split('\n').entries()) {
    const [, thread = '', rest = ''] = /^(\d+) +(.*)$/s.exec(line) ?? [];
    const cut = rest.indexOf(' <unfinished ...>');
    if (cut !== -1) {
      unfinished.set(thread, { head: rest.slice(0, cut), begin: number });
      continue;
    }
    const resumed = /^<\.\.\. \w+ resumed>/.exec(rest);
    const begun = resumed === null ? undefined : unfinished.get(thread);
    const whole = resumed === null ? rest : `${begun?.head ?? ''}${rest.slice(resumed[0].length)}`;
    const call = parseCall(whole);
    if (call !== undefined) calls.push({ ...call, begin: begun?.begin ?? number, end: number });
  }
  return calls;
}

function parseCall(line: string): Omit<SystemCall, 'begin' | 'end'> | undefined {
  const open = line.indexOf('(');
  // Results stand in a column: there is more than one space before them when the line is short.
  const [tail = '', digits = ''] = /\) += (-?\d+)[^)]*(?:\([^)]*\))?$/.exec(line) ?? [];
  if (open <= 0 || tail === '') return undefined;
  const result = Number(digits);
  const inner = line.slice(open + 1, -tail.length);
  const target = /^\d+<(.*?)>(?:, |$)/.exec(inner)?.[1] ?? '';
  return { name: line.slice(0, open), target: unescapeText(target), data: textArguments(inner), result };
}

/** With -xx every byte of a text is `\xNN`. */
function textArguments(inner: string): Buffer {
  const parts = inner.match(/"(?:\\x[0-9a-f]{2})*"/g) ?? [];
  return Buffer.concat(parts.map(bytesOf));
}

/** Byte by byte: a recording has tens of megabytes of it, and each text between would be twice as much garbage. */
function bytesOf(quoted: string): Buffer {
  const bytes = Buffer.allocUnsafe((quoted.length - 2) / 4);
  for (let index = 0; index < bytes.length; index += 1) {
    const at = 3 + 4 * index;
    bytes[index] = 16 * digitAt(quoted, at) + digitAt(quoted, at + 1);
  }
  return bytes;
}

function digitAt(text: string, at: number): number {
  const code = text.charCodeAt(at);
  return code < 0x3a ? code - 0x30 : code - 0x57;
}

function unescapeText(text: string): string {
  return text.replaceAll(/\\x([0-9a-f]{2})/g, (_, hex: string) => String.fromCharCode(Number.parseInt(hex, 16)));
}
