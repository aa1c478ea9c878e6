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
import type { Pending, SiteRecord } from '@tributary/protocol/enrolment/enrolled-files.ts';
import { settleFiles } from '@tributary/protocol/enrolment/settle-files.ts';

/** Whoever calls it holds the folder's lock, or runs the agent itself. Returns what was settled last; undefined when nothing waited. */
export async function settlePending(folder: string): Promise<SiteRecord | undefined> {
  const become = async ({ agentId, replaces }: Pending, answer: EnrolmentAnswer): Promise<void> => {
    if (replaces !== undefined) await becomeAnother(folder, { agentId, tenant: tenantOf(answer) });
  };
  const renewed = await settleFiles(folder, 'renewal', become);
  return (await settleFiles(folder, 'enrolment', become)) ?? renewed;
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
