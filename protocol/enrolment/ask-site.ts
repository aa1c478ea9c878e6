/** What enrolment asks of a site: to certify a key for a token, and later, for the certificate that there is, another one. */
import type { SecureContext } from 'node:tls';
import { printable } from '@tributary/shared/printable.ts';
import type { Id } from '../messages.ts';
import { HubRefusedError } from '../uplink/tls/hub-errors.ts';
import { type LeastVersion, secureContextOf } from '../uplink/tls/secure-context.ts';
import { checkedAnswer, type Certified } from './check-answer.ts';
import type { EnrolmentToken } from './enrolment-token.ts';
import { type HubPlace, postJson, presentedAnchor } from './hub-door.ts';
import { keyToCertify } from './key-to-certify.ts';
import { type EnrolmentAnswer, type EnrolRequest, enrolPath, type KeyToCertify, renewPath } from './messages.ts';
import { connectTimeouts } from './patience.ts';

export class EnrolmentError extends Error {
  override readonly name = 'EnrolmentError';
  readonly code = 'ENROLMENT';
}

export interface AskToEnrol {
  readonly token: EnrolmentToken;
  /** PEM of the private key. */
  readonly key: string;
  readonly about: Omit<EnrolRequest, keyof KeyToCertify | 'tokenId' | 'secret'>;
  readonly proxy: string | undefined;
  readonly leastVersion: LeastVersion;
  readonly timeoutMs: number;
  readonly nowMs: number;
  /** Whom the token is for, for people. */
  readonly subject: string;
}

/** Asks the hubs of the token in turn. Throws an EnrolmentError. */
export async function askToEnrol(asked: AskToEnrol, signal: AbortSignal): Promise<EnrolmentAnswer> {
  const { token, proxy, leastVersion, timeoutMs, subject } = asked;
  const failures = new Map<string, string>();
  for (const connectTimeoutMs of connectTimeouts(token.hubs, timeoutMs)) {
    for (const hub of token.hubs) {
      const place = { hub, proxy, leastVersion, timeoutMs };
      try {
        return await enrolAt({ ...place, timeoutMs: connectTimeoutMs }, place, asked, signal);
      } catch (error) {
        signal.throwIfAborted();
        const message = error instanceof Error ? error.message : String(error);
        // The site has said what it thinks of this token: its other hubs would say the same.
        if (error instanceof HubRefusedError && error.refusal !== '' && error.refusal !== 'unavailable') {
          throw new EnrolmentError(`${printable(hub)}: ${message}`, { cause: error });
        }
        failures.set(hub, message);
      }
    }
  }
  const lines = [...failures].map(([hub, message]) => `  ${printable(hub)}: ${message}`);
  throw new EnrolmentError(`no hub of this token enrolled ${subject}:\n${lines.join('\n')}`);
}

/** Asks one hub, over a connection that shows the present certificate. */
export async function askToRenew(
  place: HubPlace,
  asked: {
    readonly key: string;
    readonly id: Id;
    readonly who: Certified;
    readonly secureContext: SecureContext;
    readonly nowMs: number;
  },
  signal: AbortSignal,
): Promise<EnrolmentAnswer> {
  const { key, id, who, secureContext, nowMs } = asked;
  const body = keyToCertify(key, 'renew', id);
  const answer = await postJson(place, { path: renewPath, body, secureContext }, signal);
  return checkedAnswer(answer, { who, key, anchor: undefined, nowMs });
}

/** `look`: how its certificate is looked at; a hub that lets itself be looked at is there, and gets the time of `place` to answer. */
async function enrolAt(look: HubPlace, place: HubPlace, asked: AskToEnrol, signal: AbortSignal): Promise<EnrolmentAnswer> {
  const { token, key, about, nowMs } = asked;
  const anchor = await presentedAnchor(look, token.fingerprint, signal);
  const { tokenId, secret } = token;
  const body: EnrolRequest = { ...keyToCertify(key, `enrol ${tokenId}`, about.id), ...about, tokenId, secret };
  const secureContext = secureContextOf({ ca: [anchor.toString()] }, place.leastVersion);
  const answer = await postJson(place, { path: enrolPath, body, secureContext }, signal);
  const who: Certified = about.siteId === undefined ? { agentId: about.id } : { hubId: about.id, lowerSiteId: about.siteId };
  return checkedAnswer(answer, { who, key, anchor: token.fingerprint, nowMs });
}
