/**
 * How an agent becomes one of a site: with a token, and later, as what it is, for another certificate.
 *
 * ```text
 *   key and id are kept (pending) ──► a hub of the token's authority ──► answer is kept ──► every file is in place (settle.ts)
 * ```
 * What is kept makes each step safe to do again: the same key is sent with the same token, which the site counts once, and an answer
 * that came is used even if the program that got it is gone.
 */
import { randomBytes } from 'node:crypto';
import { type EnrolmentToken } from '@tributary/protocol/enrolment/enrolment-token.ts';
import { type EnrolRequest, enrolPath, renewPath } from '@tributary/protocol/enrolment/messages.ts';
import type { Id } from '@tributary/protocol/messages.ts';
import { crashPoint } from '@tributary/shared/crash-point.ts';
import { printable } from '@tributary/shared/printable.ts';
import type { SecureContext } from 'node:tls';
import { FileWriteError } from '@tributary/shared/durable-file.ts';
import { settleIdentity } from '../identity/identity.ts';
import { HubRefusedError } from '@tributary/protocol/uplink/tls/hub-errors.ts';
import { type LeastVersion, secureContextOf } from '@tributary/protocol/uplink/tls/secure-context.ts';
import { keyToCertify, newKey } from '@tributary/protocol/enrolment/key-to-certify.ts';
import { checkedAnswer } from '@tributary/protocol/enrolment/check-answer.ts';
import { makeTlsFolder, type Pending, readPending, writePending } from '@tributary/protocol/enrolment/enrolled-files.ts';
import { type HubPlace, postJson, presentedAnchor } from '@tributary/protocol/enrolment/hub-door.ts';
import { connectTimeouts } from '@tributary/protocol/enrolment/patience.ts';

export class EnrolmentError extends Error {
  override readonly name = 'EnrolmentError';
  readonly code = 'ENROLMENT';
}

export interface EnrolOptions {
  readonly folder: string;
  readonly token: EnrolmentToken;
  /** Gives up the identity that there is, and becomes another agent. */
  readonly asNew: boolean;
  readonly proxy: string | undefined;
  readonly leastVersion: LeastVersion;
  readonly host: string;
  readonly version: string;
  readonly nowMs: number;
  readonly timeoutMs: number;
}

const idBytes = 16;

/** Has the token's site certify this machine: the answer is durable when it resolves. Throws an EnrolmentError. */
export async function enrol(options: EnrolOptions, signal: AbortSignal): Promise<void> {
  const { folder, token, proxy, leastVersion, timeoutMs } = options;
  const pending = keptPending(options);
  if (pending.answer !== undefined) return;
  const failures = new Map<string, string>();
  for (const connectTimeoutMs of connectTimeouts(token.hubs, timeoutMs)) {
    for (const hub of token.hubs) {
      const place = { hub, proxy, leastVersion, timeoutMs };
      try {
        await enrolAt({ ...place, timeoutMs: connectTimeoutMs }, { place, pending, options }, signal);
        return;
      } catch (error) {
        signal.throwIfAborted();
        // Not the hub's fault, nor any other's.
        if (error instanceof FileWriteError) throw error;
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
  throw new EnrolmentError(`no hub of this token enrolled this agent (in ${folder}):\n${lines.join('\n')}`);
}

/** Has a hub certify another key of the agent that presents its certificate. The answer is durable when it resolves. */
export async function renew(
  place: HubPlace,
  options: { readonly folder: string; readonly agentId: Id; readonly secureContext: SecureContext; readonly nowMs: number },
  signal: AbortSignal,
): Promise<void> {
  const { folder, agentId, secureContext, nowMs } = options;
  const kept = readPending(folder, 'renewal');
  const isSame = kept?.agentId === agentId && kept.answer === undefined;
  const pending: Pending = isSame ? kept : { agentId, key: newKey(), tokenId: '' };
  if (!isSame) writePending(folder, 'renewal', pending);
  const body = keyToCertify(pending.key, 'renew', agentId);
  const answer = await postJson(place, { path: renewPath, body, secureContext }, signal);
  const checked = checkedAnswer(answer, { agentId, key: pending.key, anchor: undefined, nowMs });
  writePending(folder, 'renewal', { ...pending, answer: checked, answeredMs: nowMs });
  crashPoint('agent.enrolment.after-answer');
}

/** `look`: how its certificate is looked at; a hub that lets itself be looked at is there, and gets the time of `place` to answer. */
async function enrolAt(
  look: HubPlace,
  { place, pending, options }: { readonly place: HubPlace; readonly pending: Pending; readonly options: EnrolOptions },
  signal: AbortSignal,
): Promise<void> {
  const { folder, token, host, version, nowMs } = options;
  const anchor = await presentedAnchor(look, token.fingerprint, signal);
  const { instanceId, bootId } = settleIdentity({ folder });
  const { agentId, key, replaces } = pending;
  const body: EnrolRequest = {
    ...keyToCertify(key, `enrol ${token.tokenId}`, agentId),
    tokenId: token.tokenId,
    secret: token.secret,
    kind: 'agent',
    id: agentId,
    instanceId,
    bootId,
    host,
    version,
    ...(replaces === undefined ? {} : { replaces }),
  };
  const secureContext = secureContextOf({ ca: [anchor.toString()] }, place.leastVersion);
  const answer = await postJson(place, { path: enrolPath, body, secureContext }, signal);
  const checked = checkedAnswer(answer, { agentId, key, anchor: token.fingerprint, nowMs });
  crashPoint('agent.enrolment.before-answer');
  writePending(folder, 'enrolment', { ...pending, answer: checked, answeredMs: nowMs });
  crashPoint('agent.enrolment.after-answer');
}

/** What was begun with this token before is gone on with; anything else is begun. */
function keptPending({ folder, token, asNew }: EnrolOptions): Pending {
  makeTlsFolder(folder);
  const { agentId, bootId } = settleIdentity({ folder });
  const kept = readPending(folder, 'enrolment');
  const isOfToken = kept?.tokenId === token.tokenId && (kept.replaces !== undefined) === asNew;
  if (isOfToken && (asNew ? kept.replaces?.agentId : kept.agentId) === agentId) return kept;
  const begun: Pending = asNew
    ? { agentId: randomBytes(idBytes).toString('hex'), key: newKey(), tokenId: token.tokenId, replaces: { agentId, bootId } }
    : { agentId, key: newKey(), tokenId: token.tokenId };
  writePending(folder, 'enrolment', begun);
  return begun;
}
