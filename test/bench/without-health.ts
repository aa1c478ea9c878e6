/**
 * Loaded before a hub from source (`--import`): it looks at nothing and measures nothing then, and is the same hub otherwise. What health costs
 * is the difference.
 */
import { once } from 'node:events';
import { HealthWatch } from '@tributary/hub/health/health-watch.ts';
import { RuleRunner } from '@tributary/hub/health/rule-runner.ts';
import { Measurements } from '@tributary/hub/measurements/measurements.ts';

async function untilAborted(signal: AbortSignal): Promise<void> {
  if (!signal.aborted) await once(signal, 'abort');
}

for (const part of [RuleRunner, Measurements]) part.prototype.run = untilAborted;
HealthWatch.prototype.run = (_judge, signal) => untilAborted(signal);
