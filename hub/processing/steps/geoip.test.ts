import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { type MmdbValue, mmdbOf } from '../files/mmdb-fixture.ts';
import type { Fields } from '../record/fields.ts';
import { geoip } from './geoip.ts';
import type { Step, StepContext } from './step.ts';
import { makeStep, recordOf, tryStep } from './testing.ts';

function stepOver(bytes: Buffer<ArrayBuffer>, options: { readonly to?: string; readonly language?: string } = {}): Step {
  const watchFile: StepContext['watchFile'] = ({ read }) => ({ content: read(bytes) });
  return makeStep(geoip, { file: 'test.mmdb', ...options }, { watchFile });
}

function found(step: Step, address: string): Fields {
  const record = recordOf('');
  record.set(['source', 'ip'], address);
  return tryStep(step, record).record.fields;
}

const city: MmdbValue = {
  continent: { code: 'EU', names: { en: 'Europe', de: 'Europa' } },
  country: { iso_code: 'DE', names: { en: 'Germany', de: 'Deutschland' } },
  subdivisions: [{ iso_code: 'BE', names: { en: 'Land Berlin' } }],
  city: { names: { en: 'Berlin' } },
  postal: { code: '10115' },
  location: { latitude: 52.5, longitude: 13.25, time_zone: 'Europe/Berlin' },
};
const network: MmdbValue = { autonomous_system_number: 64_496, autonomous_system_organization: 'Example' };
const database = mmdbOf({ '192.0.2.0/24': city, '198.51.100.7': network });

test('a place and a network, in the names of ECS', () => {
  const step = stepOver(database);
  assert.deepEqual(found(step, '192.0.2.9'), {
    source: {
      ip: '192.0.2.9',
      geo: {
        continent_code: 'EU',
        continent_name: 'Europe',
        country_iso_code: 'DE',
        country_name: 'Germany',
        region_iso_code: 'DE-BE',
        region_name: 'Land Berlin',
        city_name: 'Berlin',
        postal_code: '10115',
        timezone: 'Europe/Berlin',
        location: { lat: 52.5, lon: 13.25 },
      },
    },
  });
  assert.deepEqual(found(step, '198.51.100.7')['source'], {
    ip: '198.51.100.7',
    as: { number: 64_496, organization: { name: 'Example' } },
  });
});

test('names in another language, and elsewhere', () => {
  const fields = found(stepOver(database, { to: 'client', language: 'de' }), '192.0.2.1');
  assert.partialDeepStrictEqual(fields['client'], { geo: { country_name: 'Deutschland', city_name: 'Berlin' } });
});

test('what is no address, or is not known, changes nothing', () => {
  const step = stepOver(database);
  for (const address of ['10.0.0.1', '::1', 'localhost', '']) assert.deepEqual(found(step, address), { source: { ip: address } });
  assert.deepEqual(tryStep(step, 'x').record.fields, {});
});

test('another file is told as what it is not', () => {
  for (const bytes of [Buffer.alloc(0), Buffer.from('a,b\n'), Buffer.from(database.subarray(0, 40))])
    assert.throws(() => stepOver(bytes), /is no database/);
});

test('no damage in the file crashes it', () => {
  fc.assert(
    fc.property(fc.nat(database.length - 1), fc.nat(255), (at, byte) => {
      const damaged = Buffer.from(database);
      damaged[at] = byte;
      let step: Step;
      try {
        step = stepOver(damaged);
      } catch (error) {
        assert.match(String(error), /is no database/);
        return;
      }
      for (const address of ['192.0.2.9', '198.51.100.7', '0.0.0.0', '255.255.255.255']) found(step, address);
    }),
    { numRuns: 500 },
  );
});
