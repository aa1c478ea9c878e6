/**
 * Whether senders may be given what listens here: what a virtual IP or a load balancer in front of several agents asks. Ready is an
 * agent that
 *
 * - runs and is not about to stop; one that listens nowhere also knows its streams (its buffer is not new, or a hub told);
 * - listens at every address that its inputs are to listen at;
 * - takes what comes: its buffer has room, or each input that listens says by `overflow` that something is dropped instead.
 *
 * A hub that cannot be reached makes no agent unready: that is what the buffer is for. An agent that listens nowhere is asked the same.
 */
import type { BufferStatus } from '../buffer/buffer.ts';
import type { InputStatus } from '../input-set.ts';
import type { AgentStatus, Readiness } from './agent-status.ts';

export interface ReadinessFacts {
  readonly state: AgentStatus['state'];
  readonly buffer: Pick<BufferStatus, 'state'>;
  readonly inputs: readonly InputStatus[];
}

export function readinessOf({ state, buffer, inputs }: ReadinessFacts): Readiness {
  const reasons: string[] = [];
  if (state === 'stopping') reasons.push('the agent is stopping');
  const listeners = inputs.filter(({ listen }) => listen.length > 0);
  if (state === 'waiting-for-site' && listeners.length === 0) {
    reasons.push('the buffer is new: no hub has told yet which streams it knows');
  }
  for (const { name, listen, listening, trouble } of listeners) {
    if (listening.length >= listen.length) continue;
    const why = trouble === '' ? '' : `: ${trouble}`;
    reasons.push(`${name} listens at ${listening.length} of ${listen.length} addresses${why}`);
  }
  const waits = listeners.length === 0 || listeners.some(({ overflow }) => overflow === 'block');
  if (buffer.state !== 'open' && waits) {
    const what = buffer.state === 'full' ? 'the buffer is full' : 'the disk of the buffer is full';
    reasons.push(`${what}, and ${listeners.length === 0 ? 'inputs wait' : 'not every input that listens says what to drop'}`);
  }
  return { ready: reasons.length === 0, reasons };
}
