/** Which dead letters are meant, as an operator says it by the command line or the HTTP API. */
import * as z from 'zod';
import type { ChannelName } from '@tributary/protocol/messages.ts';
import { OperationError } from '../channels/operation-error.ts';
import { tenantName, typeName } from '../config/names.ts';
import { parseSearchTime } from '../outputs/archive/search/search-time.ts';
import type { DeadLetter } from './dead-letter.ts';

const words = z.string().min(1).max(500);

/** All that is given must fit. */
export const letterFilter = {
  output: z.string().min(1).max(50).optional(),
  tenant: tenantName.optional(),
  type: typeName.optional(),
  /** The server's name of the error, or words of its reason. */
  error: words.optional(),
  /** Refused first at this time or later. */
  since: z.string().min(1).max(64).optional(),
  id: words.optional(),
};

const filter = z.strictObject(letterFilter);

export type LetterFilter = z.output<typeof filter>;

export interface LetterChoice {
  readonly channel: (channel: ChannelName) => boolean;
  readonly letter: (letter: DeadLetter) => boolean;
  /** The same, of anything with an error, for what has no output. */
  readonly error: (text: { readonly type: string; readonly reason: string }) => boolean;
  readonly sinceMs: number;
  /** Nothing but the channel is asked of a letter. */
  readonly isEverything: boolean;
}

/** Throws an OperationError where `since` is no time. */
export function letterChoice({ output, tenant, type, error, since, id }: LetterFilter, nowMs: number): LetterChoice {
  const sinceMs = since === undefined ? 0 : parseSearchTime(since, nowMs);
  if (sinceMs === undefined)
    throw new OperationError('unclear', 'since must be a time such as 2026-11-21T10:00:00Z, or how long ago: 2h');
  const wanted = error?.toLowerCase();
  const hasError: LetterChoice['error'] = ({ type: name, reason }) =>
    wanted === undefined || name.toLowerCase() === wanted || reason.toLowerCase().includes(wanted);
  return {
    channel: (channel) => {
      const [ofTenant, ofType] = channel.split('/');
      return (tenant ?? ofTenant) === ofTenant && (type ?? ofType) === ofType;
    },
    letter: (letter) =>
      (output ?? letter.output) === letter.output &&
      (id ?? letter.id) === letter.id &&
      letter.atMs >= sinceMs &&
      hasError(letter),
    error: hasError,
    sinceMs,
    isEverything: output === undefined && error === undefined && since === undefined && id === undefined,
  };
}
