import * as z from 'zod';
import type { FieldPath } from '../record/fields.ts';
import { removeField } from '../record/fields.ts';
import type { PipelineRecord } from '../record/record.ts';
import { fromOption } from './options.ts';
import { defineStep, StepError, StepOptionError } from './step.ts';
import { timeFormatNames, timeReader } from './time/time-formats.ts';
import { TimePatternError } from './time/time-pattern.ts';
import { timeZoneOption } from './time/zone-option.ts';

/** A time is shorter; what is longer is not shown whole, either. */
const textLengthMax = 200;

const options = z.strictObject({
  from: fromOption,
  formats: z
    .array(z.string().min(1))
    .min(1)
    .default(['iso8601'])
    .describe(
      `Tried in this order: ${timeFormatNames.join(', ')}, or a pattern as of strptime (\`%d/%b/%Y %H:%M:%S\`) or of Java (\`dd/MMM/yyyy HH:mm:ss\`).`,
    ),
  timezone: timeZoneOption,
  keep: z.boolean().default(false).describe('The field stays. Else it is removed once it was read.'),
});

/** A year that is missing is told by when the record was received, never by the clock. */
export const timestamp = defineStep({
  name: 'timestamp',
  summary: 'Reads the time of the event, which becomes `@timestamp`.',
  options,
  make({ from, formats, timezone, keep }) {
    const readers = formats.map((format, index) => {
      try {
        return timeReader(format, timezone);
      } catch (error) {
        if (!(error instanceof TimePatternError)) throw error;
        throw new StepOptionError(['formats', index], error.message, { cause: error });
      }
    });
    return {
      run(record): void {
        const text = timeText(record, from);
        for (const read of readers) {
          const eventMs = text.length > textLengthMax ? undefined : read(text, record.source.receivedMs);
          if (eventMs === undefined) continue;
          if (from !== undefined && !keep) removeField(record.edit(), from);
          record.eventMs = eventMs;
          return;
        }
        throw new StepError('timestamp', `${JSON.stringify(text.slice(0, textLengthMax))} is no time of ${formats.join(', ')}`);
      },
    };
  },
});

/** Epochs may be numbers. */
function timeText(record: PipelineRecord, from: FieldPath | undefined): string {
  const value = from === undefined ? record.text : record.get(from);
  if (typeof value === 'string') return value.trim();
  if (typeof value === 'number') return String(value);
  throw new StepError(
    'no_field',
    `${from?.join('.') ?? 'the record'} is ${value === undefined ? 'not there' : 'neither a text nor a number'}`,
  );
}
