/**
 * How this hub becomes one of a lower site's at its upstream: by a token of the upper site, as an agent does. Key and answer are kept
 * until every file is in place, so that a crash in between costs no second use of the token.
 */
import { hostname } from 'node:os';
import { askToEnrol } from '@tributary/protocol/enrolment/ask-site.ts';
import {
  isEnrolled,
  makeTlsFolder,
  type Pending,
  readPending,
  readSite,
  type SiteRecord,
  writePending,
} from '@tributary/protocol/enrolment/enrolled-files.ts';
import { lockEnrolment } from '@tributary/protocol/enrolment/enrolment-lock.ts';
import type { EnrolmentToken } from '@tributary/protocol/enrolment/enrolment-token.ts';
import { newKey } from '@tributary/protocol/enrolment/key-to-certify.ts';
import { settleFiles } from '@tributary/protocol/enrolment/settle-files.ts';
import type { Id } from '@tributary/protocol/messages.ts';
import { assert } from '@tributary/shared/assert.ts';
import { productVersion } from '@tributary/shared/build-info.ts';
import { instanceOf, readMachineIds } from '@tributary/shared/linux-machine-ids.ts';
import { makeFolder } from '@tributary/shared/make-folder.ts';

export interface EnrolUpstream {
  /** Of this output. */
  readonly folder: string;
  readonly token: EnrolmentToken;
  readonly siteId: Id;
  readonly hubId: Id;
  readonly proxy: string | undefined;
  readonly timeoutMs: number;
  readonly nowMs: number;
}

/** Resolves with what the upper site said, once with each token. Throws an EnrolmentError. */
export async function enrolUpstream(options: EnrolUpstream, signal: AbortSignal): Promise<SiteRecord> {
  const { folder, token, siteId, hubId, proxy, timeoutMs, nowMs } = options;
  makeFolder(folder, { mode: 0o700 });
  makeTlsFolder(folder);
  using _ = lockEnrolment(folder);
  const present = isEnrolled(folder) ? readSite(folder) : undefined;
  if (present?.tokenId === token.tokenId && present.agentId === hubId) return present;
  const pending = keptPending(options);
  if (pending.answer === undefined) {
    const machine = instanceOf(readMachineIds(), { id: hubId, start: nowMs });
    const about = { kind: 'hub' as const, id: hubId, siteId, ...machine, host: hostname(), version: productVersion() };
    const asked = { token, key: pending.key, about, proxy, leastVersion: '1.3' as const, timeoutMs, nowMs };
    const answer = await askToEnrol({ ...asked, subject: `this hub (in ${folder})` }, signal);
    writePending(folder, 'enrolment', { ...pending, answer, answeredMs: nowMs });
  }
  const site = await settleFiles(folder, 'enrolment');
  assert(site !== undefined, 'what was answered is settled');
  return site;
}

function keptPending({ folder, token, hubId }: EnrolUpstream): Pending {
  const kept = readPending(folder, 'enrolment');
  if (kept?.tokenId === token.tokenId && kept.agentId === hubId) return kept;
  const begun: Pending = { agentId: hubId, key: newKey(), tokenId: token.tokenId };
  writePending(folder, 'enrolment', begun);
  return begun;
}
