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

function partsOf(cursor: string): { readonly sequence: string | undefined; readonly number: bigint | undefined } {
  const number = /(?:^|;)i=([\da-f]{1,16})(?:;|$)/.exec(cursor)?.[1];
  return {
    sequence: /(?:^|;)s=([\da-f]+)(?:;|$)/.exec(cursor)?.[1],
    number: number === undefined ? undefined : BigInt(`0x${number}`),
  };
}
