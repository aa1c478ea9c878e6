/**
 * Puts in place what a site answered. It is done again from its beginning after a crash, by the next start or the next command: each
 * step changes nothing when it was done before, and what was pending goes last.
 *
 * An agent that becomes another one does so in this order: first its buffer, whose streams get other ids, then its identity, then its
 * certificate. Nobody runs meanwhile (the folder is locked), and no start goes past an answer that is not settled: so no hub ever sees
 * the new identity with a stream of the old one, nor the other way round.
 */
import { existsSync } from 'node:fs';
import type { EnrolmentAnswer } from '@tributary/protocol/enrolment/messages.ts';
import { crashPoint } from '@tributary/shared/crash-point.ts';
import { assert } from '@tributary/shared/assert.ts';
import { bufferFile } from '../buffer/open-store.ts';
import type { NewOwner } from '../buffer/rekey.ts';
import { replaceIdentity } from '../identity/identity.ts';
import {
  type PendingKind,
  readPending,
  readSite,
  removePending,
  type SiteRecord,
  writeCredentials,
  writeSite,
} from '@tributary/protocol/enrolment/enrolled-files.ts';

/** Whoever calls it holds the folder's lock, or runs the agent itself. Returns what was settled last; undefined when nothing waited. */
export async function settlePending(folder: string): Promise<SiteRecord | undefined> {
  const renewed = await settle(folder, 'renewal');
  return (await settle(folder, 'enrolment')) ?? renewed;
}

async function settle(folder: string, kind: PendingKind): Promise<SiteRecord | undefined> {
  const pending = readPending(folder, kind);
  const { answer } = pending ?? {};
  if (pending === undefined || answer === undefined) return undefined;
  if (pending.replaces !== undefined) await becomeAnother(folder, { agentId: pending.agentId, tenant: tenantOf(answer) });
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

async function becomeAnother(folder: string, owner: NewOwner): Promise<void> {
  if (existsSync(bufferFile(folder))) {
    // Loaded only where there is something to do.
    const { rekeyBuffer } = await import('../buffer/rekey.ts');
    rekeyBuffer(folder, owner);
  }
  replaceIdentity(folder, owner.agentId);
  crashPoint('agent.enrolment.after-identity');
}

function tenantOf({ tenants: [tenant] }: EnrolmentAnswer): string {
  assert(tenant !== undefined, 'an answer that is kept was checked');
  return tenant;
}
