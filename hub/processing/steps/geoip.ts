import { isIP } from 'node:net';
import { Reader, type Response } from 'mmdb-lib';
import * as z from 'zod';
import { LruCache } from '../files/lru-cache.ts';
import { copyValue } from '../record/copy-value.ts';
import type { FieldValue, MutableFields } from '../record/fields.ts';
import { fieldPath } from './options.ts';
import { defineStep } from './step.ts';

const options = z.strictObject({
  file: z
    .string()
    .min(1)
    .describe(
      "A database in MaxMind's format (`.mmdb`): of cities, countries, or autonomous systems. Read again when it changes.",
    ),
  from: fieldPath
    .prefault('source.ip')
    .describe('The field with the address. Without one, or with one that the database has not, nothing is done.'),
  to: fieldPath.prefault('source').describe('The field that gets `geo` and `as`.'),
  language: z.string().min(2).max(10).default('en').describe('Of the names, where the database has them in several.'),
});

const rememberedMax = 16_384;

interface Database {
  readonly reader: Reader<Response>;
  /** What is known of addresses, as fields. */
  readonly known: LruCache<string, MutableFields>;
}

export const geoip = defineStep({
  name: 'geoip',
  summary: 'Tells where an address is, and whose network it belongs to.',
  options,
  make({ file, from, to, language }, context) {
    const database = context.watchFile({ path: file, option: ['file'], read: openDatabase });
    return {
      run(record): void {
        const address = record.get(from);
        if (typeof address !== 'string' || isIP(address) === 0) return;
        const { reader, known } = database.content;
        const found = known.getOrMake(address, () => lookUp(reader, address, language));
        for (const [name, value] of Object.entries(found)) record.set([...to, name], copyValue(value));
      },
    };
  },
});

function openDatabase(bytes: Buffer<ArrayBuffer>): Database {
  try {
    const reader = new Reader<Response>(bytes);
    // A file that was cut off still tells of itself; its end is the last that is written.
    reader.get('192.0.2.1');
    return { reader, known: new LruCache(rememberedMax) };
  } catch (cause) {
    throw new Error("is no database in MaxMind's format", { cause });
  }
}

/** A file that is damaged within has nothing of an address. */
function lookUp(reader: Reader<Response>, address: string, language: string): MutableFields {
  let answer: unknown;
  try {
    // An address of IPv6 in a database of IPv4 alone is none that it knows.
    answer = reader.metadata.ipVersion === 4 && isIP(address) === 6 ? undefined : reader.get(address);
  } catch {
    return {};
  }
  const geo = geoFields(answer, language);
  const as = networkFields(answer);
  return { ...(geo !== undefined && { geo }), ...(as !== undefined && { as }) };
}

function geoFields(answer: unknown, language: string): MutableFields | undefined {
  const nameOf = (place: unknown): unknown => member(member(place, 'names'), language) ?? member(member(place, 'names'), 'en');
  const subdivisions = member(answer, 'subdivisions');
  const region = Array.isArray(subdivisions) ? subdivisions.at(0) : undefined;
  const country = member(answer, 'country') ?? member(answer, 'registered_country');
  const countryCode = member(country, 'iso_code');
  const regionCode = member(region, 'iso_code');
  const lat = member(member(answer, 'location'), 'latitude');
  const lon = member(member(answer, 'location'), 'longitude');
  return fieldsOf({
    continent_code: member(member(answer, 'continent'), 'code'),
    continent_name: nameOf(member(answer, 'continent')),
    country_iso_code: countryCode,
    country_name: nameOf(country),
    region_iso_code:
      typeof countryCode === 'string' && typeof regionCode === 'string' ? `${countryCode}-${regionCode}` : undefined,
    region_name: nameOf(region),
    city_name: nameOf(member(answer, 'city')),
    postal_code: member(member(answer, 'postal'), 'code'),
    timezone: member(member(answer, 'location'), 'time_zone'),
    location: typeof lat === 'number' && typeof lon === 'number' ? { lat, lon } : undefined,
  });
}

function networkFields(answer: unknown): MutableFields | undefined {
  const name = member(answer, 'autonomous_system_organization');
  const organization = typeof name === 'string' ? { name } : undefined;
  return fieldsOf({ number: member(answer, 'autonomous_system_number'), organization });
}

/** Files of others may hold anything. */
function member(value: unknown, name: string): unknown {
  return typeof value === 'object' && value !== null && Object.hasOwn(value, name) ? Reflect.get(value, name) : undefined;
}

function fieldsOf(found: Readonly<Record<string, unknown>>): MutableFields | undefined {
  const fields: MutableFields = {};
  for (const [name, value] of Object.entries(found)) if (isField(value)) fields[name] = value;
  return Object.keys(fields).length === 0 ? undefined : fields;
}

function isField(value: unknown): value is FieldValue & MutableFields[string] {
  return typeof value === 'string' || typeof value === 'number' || (typeof value === 'object' && value !== null);
}
