import { hash } from 'node:crypto';
import { durationBetween } from '@tributary/shared/options/units.ts';
import * as z from 'zod';
import { documentId } from '../engine/document-id.ts';
import type { FieldPath } from '../record/fields.ts';
import type { PipelineRecord } from '../record/record.ts';
import { fieldPath } from './options.ts';
import { defineStep } from './step.ts';
import { suppressedMetric } from './suppressed.ts';

const options = z.strictObject({
  by: z
    .array(fieldPath)
    .min(1)
    .max(20)
    .optional()
    .describe("Documents of one channel with the same in all of these fields are the same. The record's text unless named."),
  window: durationBetween({ min: '1s', max: '1d' })
    .prefault('1m')
    .describe('One that is the same as one that went on is left out for so long, as the hub received them.'),
  remember: z.int().min(100).max(1_000_000).default(100_000).describe('So many different ones at most, those that came last.'),
});

interface Known {
  readonly untilMs: number;
  /** Of the document that went on: when its batch is worked on again, it goes on again. */
  readonly id: string;
}

/**
 * Time is that of receiving, so that what waited long is treated as if it had not. What is remembered is in the thread's memory: after a
 * crash or a new version of the pipeline a document may go on that would have been left out.
 */
export const dedupe = defineStep({
  name: 'dedupe',
  summary: 'Leaves out documents that are the same as one that came a short time before. Approximate after a crash or a reload.',
  options,
  keepsState: true,
  make({ by, window, remember }, { pipeline }) {
    const known = new Map<string, Known>();
    const suppressed = suppressedMetric(pipeline, 'dedupe');
    return {
      run(record, run) {
        const { receivedMs, key } = record.source;
        const same = sameAs(record, by);
        if (same === undefined) return undefined;
        const id = documentId(key, record.position, record.ordinal);
        const before = known.get(same);
        if (before !== undefined && receivedMs < before.untilMs) {
          if (before.id === id) return undefined;
          run.count(suppressed);
          return 'drop';
        }
        known.delete(same);
        known.set(same, { untilMs: receivedMs + window, id });
        forget(known, receivedMs, remember);
        return undefined;
      },
    };
  },
});

/** Undefined where it has none of the fields. 128 bits, whatever they hold. */
function sameAs(record: PipelineRecord, by: readonly FieldPath[] | undefined): string | undefined {
  const values = by?.map((path) => record.get(path));
  if (values?.every((value) => value === undefined) === true) return undefined;
  const { tenant, type } = record.source;
  const text = JSON.stringify([tenant, type, values ?? record.text]);
  return hash('sha256', text, 'base64').slice(0, 22);
}

/** They are in the order of their ends, nearly. */
function forget(known: Map<string, Known>, nowMs: number, most: number): void {
  for (const [same, { untilMs }] of known) {
    if (untilMs > nowMs && known.size <= most) return;
    known.delete(same);
  }
}
