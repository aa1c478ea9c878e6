/** What every kind of input has in common. */
import { labelNameBytesMax, labelsMax, labelValueBytesMax } from '@tributary/protocol/limits.ts';
import * as z from 'zod';
import { namePattern, nameRule } from '../config/rules.ts';

export const nameOption = z.string().regex(namePattern, nameRule);

export const labelsOption = z
  .record(z.string().min(1).max(labelNameBytesMax), z.string().max(labelValueBytesMax))
  .refine((labels) => Object.keys(labels).length <= labelsMax, `must be at most ${labelsMax} labels`);

export const commonInputFields = {
  type: nameOption.describe('Log type of the records.'),
  tenant: nameOption.optional().describe('Owner of the records. Without it: the tenant of the agent.'),
  labels: labelsOption.default({}).describe('Added to every record, beside the labels of the agent.'),
  overflow: z
    .enum(['block', 'drop_newest', 'drop_oldest'])
    .default('block')
    .describe(
      'While the buffer is full: wait (files wait in place, senders over TCP are slowed down), drop what comes, or drop what waits in the buffer for longest. Whatever is dropped is counted.',
    ),
};
