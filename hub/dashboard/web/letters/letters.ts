/** What the API tells of dead letters (hub/dead-letters/). */
export interface LetterGroup {
  readonly channel: string;
  readonly output: string;
  /** The server's name of the error. */
  readonly error: string;
  readonly status: number;
  readonly count: number;
  readonly oldest: string;
  readonly newest: string;
  readonly tries: number;
  readonly index: string;
  readonly reason: string;
}

export interface SetAsideEntry {
  readonly id: string;
  readonly topic: string;
  readonly group: string;
  readonly reason: string;
  readonly at: string;
  readonly received: string;
  readonly records: number;
  readonly bytes: number;
  /** Why it cannot come into its topic again; empty where it can. */
  readonly stays: string;
}

export interface LetterJob {
  readonly verb: 'replay' | 'drop';
  readonly by: string;
  readonly state: 'running' | 'done' | 'failed' | 'stopped';
  readonly startedMs: number;
  readonly counts: { readonly gone: number; readonly stayed: number; readonly unreadable: number };
  readonly trouble: string;
}

export interface LettersAnswer {
  readonly letters: readonly LetterGroup[];
  readonly unreadable: number;
  readonly isPartial: boolean;
  readonly entries: readonly SetAsideEntry[];
  readonly job?: LetterJob;
}

export interface Letter {
  readonly channel: string;
  readonly output: string;
  readonly id: string;
  readonly index: string;
  readonly status: number;
  readonly type: string;
  readonly reason: string;
  readonly atMs: number;
  readonly tries: number;
  readonly document: string;
}

/** Which letters, as the API takes it. */
export interface LetterFilter {
  readonly tenant?: string;
  readonly type?: string;
  readonly output?: string;
  readonly error?: string;
  readonly id?: string;
}

export function filterOf({ channel, output, error }: LetterGroup): LetterFilter {
  const [tenant = '', type = ''] = channel.split('/');
  // Beyond a thousand kinds the hub tells the rest together: they have no name to ask for.
  return { tenant, type, output, ...(error === 'others' ? {} : { error }) };
}

/** Of `front/shop/app`: `shop/app`. */
export function channelOfEntry({ topic }: Pick<SetAsideEntry, 'topic'>): string {
  return topic.split('/').slice(-2).join('/');
}

/** JSON with a line for each value; what is none stays as it is. */
export function prettyDocument(text: string): string {
  try {
    return JSON.stringify(JSON.parse(text), undefined, 2);
  } catch {
    return text;
  }
}

export function jobText({ verb, state, counts, by, trouble }: LetterJob): string {
  const [doing, done] = verb === 'replay' ? ['are sent again', 'sent again'] : ['are dropped', 'dropped'];
  const stayed = counts.stayed === 0 ? '' : `, ${counts.stayed} stayed${verb === 'replay' ? ' as they were refused again' : ''}`;
  const unreadable = counts.unreadable === 0 ? '' : `, ${counts.unreadable} cannot be read`;
  const figures = `${counts.gone} ${done}${stayed}${unreadable}`;
  const who = by.replace(/^user:/, '');
  if (state === 'running') return `Dead letters ${doing} for ${who}: ${figures} so far.`;
  if (state === 'failed') return `It failed for ${who}: ${figures}. ${trouble}`;
  return state === 'stopped' ? `Stopped for ${who}: ${figures}.` : `Done for ${who}: ${figures}.`;
}
