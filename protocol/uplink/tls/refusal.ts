/** What a hub says with a status that is not the wanted one: `{error, hint}` of the enrolment protocol. */
import type { IncomingMessage } from 'node:http';
import { enrolmentBytesMax } from '../../enrolment/messages.ts';
import { printable } from '@tributary/shared/printable.ts';
import { HubRefusedError } from './hub-errors.ts';

const hintCharactersMax = 500;

/** Reads all of it; undefined when it is longer than any answer of a hub. */
export async function readAnswer(response: IncomingMessage): Promise<string | undefined> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of response) {
    if (!(chunk instanceof Buffer)) continue;
    bytes += chunk.length;
    if (bytes > enrolmentBytesMax) return undefined;
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString('utf8');
}

/** The answer may be a proxy's or a stranger's: nothing of it reaches a person but a bounded sentence. */
export function refusalOf(statusCode: number, text: string | undefined): HubRefusedError {
  const { error, hint } = partsOf(text);
  const message =
    hint === ''
      ? `it answers HTTP ${statusCode}: is this the agents' port of a hub?`
      : printable(hint.length > hintCharactersMax ? `${hint.slice(0, hintCharactersMax)}…` : hint);
  return new HubRefusedError(message, { statusCode, refusal: /^[a-z-]{1,40}$/.test(error) ? error : '' });
}

function partsOf(text: string | undefined): { readonly error: string; readonly hint: string } {
  const none = { error: '', hint: '' };
  if (text === undefined) return none;
  try {
    const value: unknown = JSON.parse(text);
    if (typeof value !== 'object' || value === null || !('error' in value && 'hint' in value)) return none;
    const { error, hint } = value;
    return typeof error === 'string' && typeof hint === 'string' ? { error, hint } : none;
  } catch {
    return none;
  }
}
