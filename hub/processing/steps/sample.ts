import { hash } from 'node:crypto';
import * as z from 'zod';
import { documentId } from '../engine/document-id.ts';
import type { FieldPath } from '../record/fields.ts';
import type { PipelineRecord } from '../record/record.ts';
import { fieldPath } from './options.ts';
import { defineStep } from './step.ts';

const options = z.strictObject({
  rate: z.number().min(0).max(1).describe('Share of the documents that goes on, such as 0.1.'),
  by: fieldPath
    .optional()
    .describe(
      'All documents with the same value go on, or none. Each is decided by its own id unless named, and where it has no such field.',
    ),
});

/** The same document is decided alike however often it is processed, and by whichever hub. */
export const sample = defineStep({
  name: 'sample',
  summary: 'Lets a share of the documents go on, and drops the others.',
  options,
  make({ rate, by }) {
    return { run: (record) => (shareOf(record, by) < rate ? undefined : 'drop') };
  },
});

/** Between 0 and 1, evenly over all documents; never 1. */
export function shareOf(record: PipelineRecord, by: FieldPath | undefined): number {
  const value = by === undefined ? undefined : record.get(by);
  const bytes =
    value === undefined
      ? Buffer.from(documentId(record.source.key, record.position, record.ordinal), 'base64url')
      : hash('sha256', typeof value === 'string' ? value : JSON.stringify(value), 'buffer');
  return bytes.readUIntBE(0, 6) / 2 ** 48;
}
