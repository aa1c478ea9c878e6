/** For tests of steps: one record through one step, as a pipeline would have it. */
import { systemClock } from '@tributary/shared/clock.ts';
import type * as z from 'zod';
import { compileExpressions } from '../conditions/compile-conditions.ts';
import { PipelineRecord, type RecordSource } from '../record/record.ts';
import type { MetricChange, Step, StepContext, StepDefinition, StepResult } from './step.ts';

const utf8 = new TextDecoder('utf-8');

export const testSource: RecordSource = {
  channel: 'shop/app',
  tenant: 'shop',
  type: 'app',
  key: { siteId: '01'.repeat(16), agentId: '02'.repeat(16), streamId: '03'.repeat(16) },
  attributes: { tenant: 'shop', type: 'app', labels: {}, encoding: '', host: 'web-1', counted: false },
  path: '/var/log/app.log',
  receivedMs: Date.UTC(2026, 10, 21, 12),
  decode: (bytes) => utf8.decode(bytes),
};

export function recordOf(text: string, source: Partial<RecordSource> = {}): PipelineRecord {
  return new PipelineRecord({ source: { ...testSource, ...source }, raw: Buffer.from(text) }, 0);
}

/** Options as in a file: they go through the step's schema. */
export function makeStep<Schema extends z.ZodType>(
  definition: StepDefinition<Schema>,
  options: z.input<Schema>,
  context: Partial<StepContext> = {},
): Step {
  return definition.make(definition.options.parse(options), { ...testContext, ...context });
}

export interface Tried {
  readonly result: StepResult;
  readonly record: PipelineRecord;
  readonly metrics: readonly MetricChange[];
}

/** Throws what the step throws. */
export function tryStep(step: Step, record: PipelineRecord | string): Tried {
  const metrics: MetricChange[] = [];
  const given = typeof record === 'string' ? recordOf(record) : record;
  const result = step.run(given, { count: (metric) => void metrics.push(metric) });
  return { result, record: given, metrics };
}

const testContext: StepContext = {
  pipeline: 'test',
  folder: '/',
  clock: systemClock,
  ...compileExpressions({}),
  watchFile: () => {
    throw new Error('this test gives no file');
  },
  readFile: () => {
    throw new Error('this test gives no file');
  },
  scriptTimeLimitMs: 1000,
  tell: () => undefined,
};
