/** What the steps `nginx` and `apache` have in common. */
import * as z from 'zod';
import { addFields } from '../add-fields.ts';
import { compiledFormat, namesOption } from '../line-format/format-option.ts';
import type { LineFormat } from '../line-format/line-format.ts';
import { fromOption, textOf } from '../options.ts';
import { type Step, StepError, StepOptionError } from '../step.ts';
import { CommonLogTime } from '../time/common-log-time.ts';
import { timeZoneOption } from '../time/zone-option.ts';
import { combinedLine } from './combined-line.ts';
import type { FormatOptions } from './nginx-format.ts';

export const accessLogOptions = z.strictObject({
  from: fromOption,
  format: z
    .string()
    .min(1)
    .default('combined')
    .describe('`combined`, with which `common` lines are read, too, or the format itself as it is configured.'),
  names: namesOption,
  timezone: timeZoneOption,
});

export interface AccessLogKind {
  /** Of the step, and of the field that holds what ECS has no name for. */
  readonly name: 'nginx' | 'apache';
  readonly compile: (format: string, options: FormatOptions) => LineFormat;
}

export function makeAccessLog({ name, compile }: AccessLogKind, options: z.output<typeof accessLogOptions>): Step {
  const { from, format, timezone: zone } = options;
  const names = new Map(Object.entries(options.names));
  if (format !== 'combined' && format !== 'common') {
    const line = compiledFormat(() => compile(format, { zone, names }));
    return {
      run(record): void {
        const read = line.read(textOf(record, from));
        if (read === undefined) throw new StepError('no_match', `it is not a line of the ${name} format that the step has`);
        addFields(record, read.fields);
        if (read.eventMs !== undefined) record.eventMs = read.eventMs;
      },
    };
  }
  if (names.size > 0) throw new StepOptionError(['names'], 'names are for variables of a format of your own');
  const time = new CommonLogTime(zone);
  return {
    run(record): void {
      const read = combinedLine(textOf(record, from), { time, module: name });
      if (read === undefined) throw new StepError('no_match', 'it is not a line of the combined or common log format');
      addFields(record, read.fields);
      record.eventMs = read.eventMs;
    },
  };
}
