/**
 * Puts in place what a site answered. It is done again from its beginning after a crash, by the next start or the next command: each
 * step changes nothing when it was done before, and what was pending goes last.
 */
import { crashPoint } from '@tributary/shared/crash-point.ts';
import {
  type Pending,
  type PendingKind,
  readPending,
  readSite,
  removePending,
  type SiteRecord,
  writeCredentials,
  writeSite,
} from './enrolled-files.ts';
import type { EnrolmentAnswer } from './messages.ts';

/** `first` does what has to be done before any file changes. Undefined: nothing waited. */
export async function settleFiles(
  folder: string,
  kind: PendingKind,
  first?: (pending: Pending, answer: EnrolmentAnswer) => Promise<void>,
): Promise<SiteRecord | undefined> {
  const pending = readPending(folder, kind);
  const { answer } = pending ?? {};
  if (pending === undefined || answer === undefined) return undefined;
  await first?.(pending, answer);
  const { certificate, authority, ...said } = answer;
  writeCredentials(folder, { key: pending.key, certificate, authority });
  crashPoint('agent.enrolment.after-credentials');
  const { agentId, replaces: replaced, answeredMs: certifiedMs = 0 } = pending;
  const before = kind === 'renewal' ? readSite(folder) : { tokenId: pending.tokenId, replaced };
  const site = { ...before, ...said, agentId, tokenId: before?.tokenId ?? '', certifiedMs };
  writeSite(folder, site);
  crashPoint('agent.enrolment.before-done');
  removePending(folder, kind);
  return site;
}
