/** Another certificate in place of the one that enrolment left, for another key: durable, and settled by whoever comes next. */
import type { SecureContext } from 'node:tls';
import { crashPoint } from '@tributary/shared/crash-point.ts';
import type { Id } from '../messages.ts';
import { askToRenew } from './ask-site.ts';
import type { Certified } from './check-answer.ts';
import { type Pending, readPending, writePending } from './enrolled-files.ts';
import type { HubPlace } from './hub-door.ts';
import { newKey } from './key-to-certify.ts';

export interface RenewFiles {
  readonly folder: string;
  /** The agent's, or the hub's. */
  readonly id: Id;
  readonly who: Certified;
  readonly secureContext: SecureContext;
  readonly nowMs: number;
}

/** The answer is durable when it resolves. */
export async function renewFiles(place: HubPlace, options: RenewFiles, signal: AbortSignal): Promise<void> {
  const { folder, id, who, secureContext, nowMs } = options;
  const kept = readPending(folder, 'renewal');
  const isSame = kept?.agentId === id && kept.answer === undefined;
  const pending: Pending = isSame ? kept : { agentId: id, key: newKey(), tokenId: '' };
  if (!isSame) writePending(folder, 'renewal', pending);
  const answer = await askToRenew(place, { key: pending.key, id, who, secureContext, nowMs }, signal);
  writePending(folder, 'renewal', { ...pending, answer, answeredMs: nowMs });
  crashPoint('agent.enrolment.after-answer');
}
