/** The resume token of a journal's stream: `<position> <cursor>`. The entry at the cursor is the last record before the position. */
export interface JournalToken {
  readonly position: number;
  /** '' is the beginning of the journal. */
  readonly cursor: string;
}

export function formatToken({ position, cursor }: JournalToken): string {
  return `${position} ${cursor}`;
}

/** Undefined: it is none. */
export function parseToken(token: string): JournalToken | undefined {
  const match = /^(\d{1,16}) (.*)$/.exec(token);
  const position = Number(match?.[1]);
  return match === null || !Number.isSafeInteger(position) ? undefined : { position, cursor: match[2] ?? '' };
}

/**
 * How many entries lie between two cursors, by the sequence numbers of the journal; undefined when they are of different sequences:
 * then nothing tells.
 */
export function entriesBetween(earlier: string, later: string): number | undefined {
  const [from, to] = [partsOf(earlier), partsOf(later)];
  if (from.sequence === undefined || from.sequence !== to.sequence) return undefined;
  if (from.number === undefined || to.number === undefined) return undefined;
  const between = to.number - from.number - 1n;
  return between < 0n ? undefined : Number(between);
}

/**
 * Whether the entry of a cursor is the last one or comes behind it, in the order in which journalctl merges files: by the numbers of one
 * sequence, or else by the clock of one boot, or else by the time of day. '' is before every entry.
 */
export function hasReached(cursor: string, last: string): boolean {
  if (last === '' || cursor === last) return true;
  const [own, end] = [partsOf(cursor), partsOf(last)];
  const pairs = [
    own.sequence === end.sequence ? [own.number, end.number] : [],
    own.boot === end.boot ? [own.monotonic, end.monotonic] : [],
    [own.realtime, end.realtime],
    [own.contents, end.contents],
  ];
  const [at, to] = pairs.find(([left, right]) => left !== undefined && right !== undefined && left !== right) ?? [];
  return at !== undefined && to !== undefined && at > to;
}

interface CursorParts {
  readonly sequence: string | undefined;
  readonly number: bigint | undefined;
  readonly boot: string | undefined;
  readonly monotonic: bigint | undefined;
  readonly realtime: bigint | undefined;
  /** A hash of the entry: tells apart what has the same times. */
  readonly contents: bigint | undefined;
}

function partsOf(cursor: string): CursorParts {
  const parts = new Map(cursor.split(';').map((part) => [part.slice(0, 2), part.slice(2)]));
  const numberOf = (name: string): bigint | undefined => {
    const digits = parts.get(name) ?? '';
    return /^[\da-f]{1,16}$/.test(digits) ? BigInt(`0x${digits}`) : undefined;
  };
  return {
    sequence: parts.get('s='),
    number: numberOf('i='),
    boot: parts.get('b='),
    monotonic: numberOf('m='),
    realtime: numberOf('t='),
    contents: numberOf('x='),
  };
}
