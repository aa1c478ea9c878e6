/**
 * What is stored of a receiver: its book, and the message that is on its way to it.
 *
 * While a site is upgraded hubs of two versions tell, one after the other. What this one cannot read, as a newer one wrote it or it is damaged, is never written over:
 * the newer one goes on from it when it tells again. Until then this hub keeps a book of its own beside it, which says what it is beside of: once the other one was
 * written again it is of another time, and nobody's.
 *
 *   alerts/NAME          {"version":2, …}                                       as it was
 *   alerts/NAME/beside   {"version":1, …, "beside":"sha-256 of the one above"}  of this hub
 *
 * A new book does not say what people were told, so it begins with a guess (`AlertSender`): what has been standing for so long that the hub before told it counts as told.
 * Not to tell anything would lose what comes and goes meanwhile, and all of it where nobody goes back to the newer version; to tell everything would open each incident a
 * second time. What the guess has wrong is told when `repeat` is over; what the newer hub tells again afterwards it tells under other ids: at least once.
 */
import { createHash } from 'node:crypto';
import * as z from 'zod';
import type { AlertMessage } from './alert.ts';
import { bookState } from './alert-book.ts';

const message = z.custom<AlertMessage>((value) => typeof value === 'object' && value !== null && 'id' in value);
const stored = z.object({
  version: z.literal(1),
  book: bookState,
  outgoing: z.object({ message, firstMs: z.number() }).optional(),
  lastSentMs: z.number().optional(),
  beside: z.string().optional(),
});
type Stored = z.output<typeof stored>;

export interface StoredBook {
  /** Where it is stored from now on. */
  readonly key: string;
  /** As everything was that it was read from. */
  readonly from: Readonly<Record<string, string | undefined>>;
  /** Undefined: nothing is known of what was told. */
  readonly state: Stored | undefined;
  /** Of what cannot be read; undefined: there is nothing that cannot. */
  readonly beside: string | undefined;
}

export function readStoredBook(meta: (key: string) => string | undefined, receiver: string): StoredBook {
  const key = `alerts/${receiver}`;
  const text = meta(key);
  const state = stateOf(text);
  if (text === undefined || state !== undefined) return { key, from: { [key]: text }, state, beside: undefined };
  const besideKey = `${key}/beside`;
  const besideText = meta(besideKey);
  const beside = createHash('sha256').update(text).digest('hex');
  const own = stateOf(besideText);
  const from = { [key]: text, [besideKey]: besideText };
  return { key: besideKey, from, state: own?.beside === beside ? own : undefined, beside };
}

export function storedText(state: Omit<Stored, 'version'>): string {
  return JSON.stringify({ version: 1, ...state } satisfies Stored);
}

function stateOf(text: string | undefined): Stored | undefined {
  try {
    return text === undefined ? undefined : stored.parse(JSON.parse(text));
  } catch {
    return undefined;
  }
}
