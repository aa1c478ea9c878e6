import type { RenewalOptions } from '@tributary/protocol/enrolment/renewal.ts';
import { renewFiles } from '@tributary/protocol/enrolment/renew-files.ts';
import type { Clock } from '@tributary/shared/clock.ts';
import type { AgentTls } from '../tls/agent-tls.ts';
import { settlePending } from './settle.ts';

/** Another certificate for the agent that the present one names. */
export function renewAgent(parts: {
  readonly folder: string;
  readonly tls: Pick<AgentTls, 'identity'>;
  readonly clock: Pick<Clock, 'now'>;
}): RenewalOptions['renewAt'] {
  const { folder, tls, clock } = parts;
  return async (place, secureContext, signal) => {
    const agentId = tls.identity?.agentId ?? '';
    await renewFiles(place, { folder, id: agentId, who: { agentId }, secureContext, nowMs: clock.now() }, signal);
    await settlePending(folder);
  };
}
