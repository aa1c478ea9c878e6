import { hash } from 'node:crypto';
import { durationBetween } from '@tributary/shared/options/units.ts';
import * as z from 'zod';
import { documentId } from '../engine/document-id.ts';
import type { FieldPath } from '../record/fields.ts';
import type { PipelineRecord } from '../record/record.ts';
import { fieldPath } from './options.ts';
import { shareOf } from './sample.ts';
import { defineStep } from './step.ts';
import { suppressedMetric } from './suppressed.ts';

const options = z.strictObject({
  limit: z.int().min(1).max(1_000_000_000).describe('So many documents go on in a period.'),
  per: durationBetween({ min: '1s', max: '1d' }).prefault('1s').describe('The period, as the hub received them.'),
  by: fieldPath
    .optional()
    .describe('Each value has a limit of its own; those without one share theirs. All of a channel together unless named.'),
  sample: z
    .number()
    .min(0)
    .max(1)
    .default(0)
    .describe('Share of what is over the limit that goes on all the same, such as 0.01.'),
  remember: z
    .int()
    .min(10)
    .max(1_000_000)
    .default(100_000)
    .describe('Different values within a period; further ones share a limit.'),
});

/** Of what went on in a period, so that it goes on again when its batch is worked on again. Beyond it, such a one counts twice. */
const passedMax = 100_000;
/** Hubs of a site receive side by side, and a batch may wait: so many periods are counted at a time. */
const periodsMax = 4;
const keyCharactersMax = 100;

interface Period {
  readonly counts: Map<string, number>;
  readonly passed: Set<string>;
}

/**
 * Time is that of receiving, so that a backlog is not taken for a flood. What is counted is in the thread's memory: after a crash or a new
 * version of the pipeline a period begins anew.
 */
export const throttle = defineStep({
  name: 'throttle',
  summary:
    'Lets so many documents go on in a period, and leaves out or samples what is over. Approximate after a crash or a reload.',
  options,
  keepsState: true,
  make({ limit, per, by, sample, remember }, { pipeline }) {
    const periods = new Map<number, Period>();
    const suppressed = suppressedMetric(pipeline, 'throttle');
    return {
      run(record, run) {
        const period = periodOf(periods, Math.floor(record.source.receivedMs / per));
        const id = documentId(record.source.key, record.position, record.ordinal);
        if (period.passed.has(id)) return undefined;
        const key = keyOf(record, by);
        const counted = period.counts.has(key) || period.counts.size < remember ? key : others;
        const count = period.counts.get(counted) ?? 0;
        if (count < limit) {
          period.counts.set(counted, count + 1);
          if (period.passed.size < passedMax) period.passed.add(id);
          return undefined;
        }
        if (shareOf(record, undefined) < sample) return undefined;
        run.count(suppressed);
        return 'drop';
      },
    };
  },
});

/** No key is empty. */
const others = '';

function keyOf(record: PipelineRecord, by: FieldPath | undefined): string {
  const { tenant, type } = record.source;
  const value = by === undefined ? undefined : record.get(by);
  const text = typeof value === 'string' ? value : (JSON.stringify(value) ?? '');
  return `${tenant}/${type} ${text.length > keyCharactersMax ? hash('sha256', text, 'base64') : text}`;
}

function periodOf(periods: Map<number, Period>, number: number): Period {
  const present = periods.get(number);
  if (present !== undefined) return present;
  const made: Period = { counts: new Map(), passed: new Set() };
  periods.set(number, made);
  // The one that was begun longest ago: what is late gets one of its own all the same.
  for (const oldest of periods.keys()) {
    if (periods.size <= periodsMax) break;
    periods.delete(oldest);
  }
  return made;
}
