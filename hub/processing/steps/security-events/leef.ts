import * as z from 'zod';
import { addFields } from '../add-fields.ts';
import { fromOption, textOf } from '../options.ts';
import { defineStep, StepError } from '../step.ts';
import { type MutableFields, putField } from '../../record/fields.ts';
import { timeZoneOption } from '../time/zone-option.ts';
import { address, type Attribute, type EventContext, ip, mac, port, text, transport, whole } from './attribute-fields.ts';
import { EventStarts, headerValues } from './event-header.ts';
import { EventTimes } from './event-times.ts';

const options = z.strictObject({ from: fromOption, timezone: timeZoneOption });

const headerLength = 5;
/** One character, or its number in hexadecimal. */
const delimiter = /^(?:(?:0x|\\?x)([0-9A-Fa-f]{1,4})|([^|A-Za-z0-9])|)\|/;

const leefKeys: ReadonlyMap<string, Attribute> = new Map<string, Attribute>(
  Object.entries({
    action: text('event.action'),
    domain: text('user.domain'),
    dst: address('destination'),
    dstBytes: whole('destination.bytes'),
    dstMAC: mac('destination.mac'),
    dstPackets: whole('destination.packets'),
    dstPort: port('destination.port'),
    dstPostNAT: ip('destination.nat.ip'),
    dstPostNATPort: port('destination.nat.port'),
    proto: transport,
    sev: whole('event.severity'),
    src: address('source'),
    srcBytes: whole('source.bytes'),
    srcMAC: mac('source.mac'),
    srcPackets: whole('source.packets'),
    srcPort: port('source.port'),
    srcPostNAT: ip('source.nat.ip'),
    srcPostNATPort: port('source.nat.port'),
    totalPackets: whole('network.packets'),
    url: text('url.original'),
    usrName: text('user.name'),
  }),
);

/** IBM QRadar's Log Event Extended Format, 1.0 and 2.0, with syslog's header before it or without. */
export const leef = defineStep({
  name: 'leef',
  summary: 'Reads an event in LEEF (IBM QRadar Log Event Extended Format), 1.0 or 2.0.',
  options,
  make({ from, timezone }) {
    const starts = new EventStarts('LEEF:', timezone);
    const times = new EventTimes(timezone);
    return {
      run(record): void {
        const line = textOf(record, from);
        const { receivedMs } = record.source;
        const start = starts.find(line, receivedMs);
        const header = start === undefined ? undefined : headerValues(line, start.at, headerLength);
        if (start === undefined || header === undefined)
          throw new StepError('no_match', 'it is no event in LEEF: LEEF:1.0|…|…|…|…|');
        const [version = '', vendor = '', product = '', productVersion = '', code = ''] = header.values;
        if (!/^[12](?:\.\d)?$/.test(version)) throw new StepError('no_match', 'behind LEEF: there is no version 1.0 or 2.0');
        const event: EventContext = {
          fields: { ...start.fields, observer: { vendor, product, version: productVersion }, event: { code } },
          time: (value) => times.read(value, receivedMs),
          eventMs: start.eventMs,
        };
        const attributes = attributesOf(line, header.end, version);
        const others = putAttributes(attributes, event);
        event.fields['leef'] = Object.keys(others).length === 0 ? { version } : { version, attributes: others };
        const deviceMs = deviceTime(attributes, { times, receivedMs });
        addFields(record, event.fields);
        const eventMs = deviceMs ?? event.eventMs;
        if (eventMs !== undefined) record.eventMs = eventMs;
      },
    };
  },
});

function attributesOf(line: string, from: number, version: string): Map<string, string> {
  const [declared, hex, character] = (version.startsWith('2') ? delimiter.exec(line.slice(from, from + 8)) : null) ?? [];
  const between = hex === undefined ? (character ?? '\t') : String.fromCharCode(Number.parseInt(hex, 16));
  const attributes = new Map<string, string>();
  for (const pair of line.slice(from + (declared?.length ?? 0)).split(between)) {
    const equals = pair.indexOf('=');
    if (equals > 0) attributes.set(pair.slice(0, equals).trim(), pair.slice(equals + 1).trim());
  }
  return attributes;
}

/** Those that ECS has no field for. */
function putAttributes(attributes: ReadonlyMap<string, string>, event: EventContext): MutableFields {
  const others: MutableFields = {};
  for (const [key, value] of attributes) {
    const attribute = leefKeys.get(key);
    if (value === '' || key === '' || key === 'devTimeFormat') continue;
    if (attribute !== undefined) attribute(value, event);
    else if (key !== 'devTime') putField(others, key, value);
  }
  return others;
}

function deviceTime(
  attributes: ReadonlyMap<string, string>,
  { times, receivedMs }: { times: EventTimes; receivedMs: number },
): number | undefined {
  const written = attributes.get('devTime') ?? '';
  const format = attributes.get('devTimeFormat') ?? '';
  return (format === '' ? undefined : times.readBy(format, { text: written, receivedMs })) ?? times.read(written, receivedMs);
}
