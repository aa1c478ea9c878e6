import * as z from 'zod';
import { mergeFields, type MutableFields } from '../../record/fields.ts';
import { addFields } from '../add-fields.ts';
import { compiledFormat, namesOption } from '../line-format/format-option.ts';
import { fromOption, textOf } from '../options.ts';
import { defineStep, StepError } from '../step.ts';
import { timeZoneOption } from '../time/zone-option.ts';
import { logFormat } from './log-format.ts';
import { NamedHeaders } from './named-headers.ts';
import { SyslogHeaders } from './syslog-headers.ts';
import { UsualLines } from './usual-lines.ts';

const headerNames = z.array(z.string().min(1)).default([]);

const options = z.strictObject({
  from: fromOption,
  format: z
    .string()
    .min(1)
    .default('default')
    .describe(
      '`default` tells the formats apart that HAProxy has by itself. Else the string of `log-format`, or of `error-log-format`.',
    ),
  names: namesOption,
  captured_request_headers: headerNames.describe('Names of the headers that `capture request header` keeps, in their order.'),
  captured_response_headers: headerNames.describe('Names of the headers that `capture response header` keeps, in their order.'),
  timezone: timeZoneOption,
});

/** As of HAProxy 1.7 to 3.2, with or without what syslog puts before it. */
export const haproxy = defineStep({
  name: 'haproxy',
  summary: 'Reads a line of HAProxy: of the formats that it has by itself, or of a `log-format`.',
  options,
  make({ from, format, timezone: zone, ...given }) {
    const captured = { request: given.captured_request_headers, response: given.captured_response_headers };
    const names = new Map(Object.entries(given.names));
    const configured = format === 'default' ? undefined : compiledFormat(() => logFormat(format, { zone, names, captured }));
    const usual = new UsualLines(zone);
    const headers = new SyslogHeaders(zone);
    const named = new NamedHeaders(captured);
    return {
      run(record): void {
        const text = textOf(record, from);
        const header = headers.read(text, record.source.receivedMs);
        const start = header?.end ?? 0;
        // What connections end with before there is anything of the format is logged in another one.
        const line = configured?.read(text, start) ?? usual.read(text, start);
        if (line === undefined) throw new StepError('no_match', refusals[configured === undefined ? 'usual' : 'configured']);
        named.apply(line.fields);
        if (header !== undefined) addHeader(line.fields, header.fields);
        addFields(record, line.fields);
        const eventMs = line.eventMs ?? header?.eventMs;
        if (eventMs !== undefined) record.eventMs = eventMs;
      },
    };
  },
});

/** Nearly always the line has none of them itself. */
function addHeader(fields: MutableFields, header: MutableFields): void {
  const { log, process } = header;
  if (fields['log'] === undefined && fields['process'] === undefined) {
    if (log !== undefined) fields['log'] = log;
    if (process !== undefined) fields['process'] = process;
  } else mergeFields(fields, header);
}

const refusals = {
  usual: 'it is no line of the formats that HAProxy has by itself; a log-format is told by the option format',
  configured: 'it is not a line of the log-format that the step has',
};
