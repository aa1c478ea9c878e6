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
import { askToEnrol } from '@tributary/protocol/enrolment/ask-site.ts';
import { type EnrolmentToken } from '@tributary/protocol/enrolment/enrolment-token.ts';
import { crashPoint } from '@tributary/shared/crash-point.ts';
import { settleIdentity } from '../identity/identity.ts';
import type { LeastVersion } from '@tributary/protocol/uplink/tls/secure-context.ts';
import { newKey } from '@tributary/protocol/enrolment/key-to-certify.ts';
import { makeTlsFolder, type Pending, readPending, writePending } from '@tributary/protocol/enrolment/enrolled-files.ts';

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
  const { folder, token, proxy, leastVersion, timeoutMs, host, version, nowMs } = options;
  const pending = keptPending(options);
  if (pending.answer !== undefined) return;
  const { instanceId, bootId } = settleIdentity({ folder });
  const { agentId, key, replaces } = pending;
  const machine = { instanceId, bootId, host, version };
  const about = { kind: 'agent' as const, id: agentId, ...machine, ...(replaces === undefined ? {} : { replaces }) };
  const subject = `this agent (in ${folder})`;
  const answer = await askToEnrol({ token, key, about, proxy, leastVersion, timeoutMs, nowMs, subject }, signal);
  crashPoint('agent.enrolment.before-answer');
  writePending(folder, 'enrolment', { ...pending, answer, answeredMs: nowMs });
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
