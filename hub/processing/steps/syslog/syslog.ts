import * as z from 'zod';
import { addFields } from '../add-fields.ts';
import { fromOption, textOf } from '../options.ts';
import { defineStep, StepError } from '../step.ts';
import { IsoTime } from '../time/iso-time.ts';
import type { TimeZone } from '../time/time-zone.ts';
import { timeZoneOption } from '../time/zone-option.ts';
import { Rfc3164Lines } from './rfc3164.ts';
import { rfc5424Line } from './rfc5424.ts';
import { syslogFields, type SyslogLine } from './syslog-line.ts';

const options = z.strictObject({
  from: fromOption,
  format: z
    .enum(['auto', 'rfc3164', 'rfc5424'])
    .default('auto')
    .describe(
      '`auto` tells them apart line by line, and refuses what has neither a priority nor a time. With `rfc3164` that is all message.',
    ),
  timezone: timeZoneOption,
});

/** RFC 3164, of which a year is told by when the record was received, and RFC 5424. */
export const syslog = defineStep({
  name: 'syslog',
  summary: 'Reads a line of syslog, RFC 3164 or RFC 5424. What follows its header becomes `message`.',
  options,
  make({ from, format, timezone }) {
    const lines = new SyslogLines(timezone);
    return {
      run(record): void {
        const text = textOf(record, from);
        const line = lines.read(text, record.source.receivedMs, format);
        if (line === undefined && format !== 'rfc3164') throw new StepError('no_match', `it is no line of ${names[format]}`);
        const fields = line === undefined ? {} : syslogFields(line);
        fields['message'] = line === undefined ? text : text.slice(line.messageStart);
        addFields(record, fields);
        if (line?.eventMs !== undefined) record.eventMs = line.eventMs;
      },
    };
  },
});

const names = { auto: 'syslog: it has neither a priority nor a time', rfc3164: 'RFC 3164', rfc5424: 'RFC 5424' };

/** Lines of either form, told apart. */
export class SyslogLines {
  readonly #rfc3164: Rfc3164Lines;
  /** Which every time of RFC 5424 says its offset. */
  readonly #time = new IsoTime(undefined);

  constructor(zone: TimeZone) {
    this.#rfc3164 = new Rfc3164Lines(zone);
  }

  read(text: string, receivedMs: number, format: 'auto' | 'rfc3164' | 'rfc5424'): SyslogLine | undefined {
    const line = format === 'rfc3164' ? undefined : rfc5424Line(text, this.#time);
    return line ?? (format === 'rfc5424' ? undefined : this.#rfc3164.read(text, receivedMs));
  }
}
