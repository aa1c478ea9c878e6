/** What every kind of input has in common. */
import { labelNameBytesMax, labelsMax, labelValueBytesMax } from '@tributary/protocol/limits.ts';
import { suggest } from '@tributary/shared/options/suggest.ts';
import * as z from 'zod';
import { namePattern, nameRule } from '../config/rules.ts';

export const nameOption = z.string().regex(namePattern, nameRule);

export const labelsOption = z
  .record(z.string().min(1).max(labelNameBytesMax), z.string().max(labelValueBytesMax))
  .refine((labels) => Object.keys(labels).length <= labelsMax, `must be at most ${labelsMax} labels`);

/** What is suggested; other labels of the Encoding Standard are accepted too. */
const encodings: readonly string[] = (
  'utf-8 utf-16le utf-16be us-ascii iso-8859-1 iso-8859-2 iso-8859-5 iso-8859-7 iso-8859-15 windows-1250 windows-1251 ' +
  'windows-1252 koi8-r shift_jis euc-jp euc-kr gb18030 gbk big5'
).split(' ');

function isEncoding(label: string): boolean {
  try {
    return label === label.trim() && new TextDecoder(label).encoding !== '';
  } catch {
    return false;
  }
}

function encodingProblem(label: string): string {
  const meant = suggest(label, encodings);
  return `must be an encoding such as utf-8, utf-16le or windows-1252${meant === undefined ? '' : `; did you mean ${meant}?`}`;
}

export const encodingOption = z
  .string()
  .min(1)
  .max(64)
  .refine(isEncoding, { error: ({ input }) => encodingProblem(String(input)) })
  .default('utf-8')
  .describe(
    'Encoding of the bytes, an IANA name. They are not changed: the archive keeps them, and its search shows them as text.',
  );

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
