/** Kinds of attributes that CEF and LEEF have, and where each goes in ECS. What does not fit a field's type is left out of it. */
import { assert } from '@tributary/shared/assert.ts';
import { isIp } from '../addresses.ts';
import { type FieldPath, type MutableFields, parseFieldPath, setField } from '../../record/fields.ts';

/** What is known while one event is read. */
export interface EventContext {
  readonly fields: MutableFields;
  /** In milliseconds since 1970; undefined where the text is no time. */
  readonly time: (text: string) => number | undefined;
  eventMs: number | undefined;
}

export type Attribute = (value: string, event: EventContext) => void;

export function text(field: string): Attribute {
  const path = pathOf(field);
  return (value, { fields }) => setField(fields, path, value);
}

export function lowerCase(field: string): Attribute {
  const path = pathOf(field);
  return (value, { fields }) => setField(fields, path, value.toLowerCase());
}

export function whole(field: string, most: number = Number.MAX_SAFE_INTEGER): Attribute {
  const path = pathOf(field);
  return (value, { fields }) => {
    const number = /^[+-]?\d{1,16}$/.test(value) ? Number(value) : NaN;
    if (Math.abs(number) <= most) setField(fields, path, number);
  };
}

export function decimal(field: string): Attribute {
  const path = pathOf(field);
  return (value, { fields }) => {
    const number = value.length < 40 && value.trim() !== '' ? Number(value) : NaN;
    if (Number.isFinite(number)) setField(fields, path, number);
  };
}

export function port(field: string): Attribute {
  const path = pathOf(field);
  return (value, { fields }) => {
    if (/^\d{1,5}$/.test(value) && Number(value) <= 65_535) setField(fields, path, Number(value));
  };
}

/** `source`: its address as written, and as an IP where it is one. */
export function address(prefix: string): Attribute {
  const [asWritten, asIp] = [pathOf(`${prefix}.address`), pathOf(`${prefix}.ip`)];
  return (value, { fields }) => {
    setField(fields, asWritten, value);
    if (isIp(value)) setField(fields, asIp, value);
  };
}

export function ip(field: string): Attribute {
  const path = pathOf(field);
  return (value, { fields }) => {
    if (isIp(value)) setField(fields, path, value);
  };
}

/** ECS writes them as RFC 7042: `00-00-5E-00-53-23`. */
export function mac(field: string): Attribute {
  const path = pathOf(field);
  return (value, { fields }) => {
    if (/^[0-9A-Fa-f]{2}(?:[:-][0-9A-Fa-f]{2}){5,7}$/.test(value))
      setField(fields, path, value.toUpperCase().replaceAll(':', '-'));
  };
}

export function date(field: string): Attribute {
  const path = pathOf(field);
  return (value, { fields, time }) => {
    const ms = time(value);
    if (ms !== undefined) setField(fields, path, new Date(ms).toISOString());
  };
}

/** The time of the event itself. */
export const eventTime: Attribute = (value, event) => {
  event.eventMs = event.time(value) ?? event.eventMs;
};

/** A number of the Internet's protocols, or a name. */
export const transport: Attribute = (value, { fields }) => {
  if (/^\d{1,3}$/.test(value)) setField(fields, pathOf('network.iana_number'), value);
  else setField(fields, pathOf('network.transport'), value.toLowerCase());
};

function pathOf(field: string): FieldPath {
  const path = parseFieldPath(field);
  assert(path !== undefined, 'a field of a table is a path');
  return path;
}
