import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { readTable } from '../files/table.ts';
import type { Fields, MutableFields } from '../record/fields.ts';
import { lookup } from './lookup.ts';
import { makeStep, recordOf, tryStep } from './testing.ts';

type Options = Parameters<typeof makeStep<typeof lookup.options>>[1];

function looked(table: string, options: Partial<Options>, fields: MutableFields): Fields {
  const given: Options = { file: 'hosts.csv', by: { ip: 'source.ip' }, set: { owner: 'host.owner' }, ...options };
  const step = makeStep(lookup, given, { watchFile: ({ read }) => ({ content: read(Buffer.from(table)) }) });
  const record = recordOf('');
  record.replace(fields);
  return tryStep(step, record).record.fields;
}

const csv = 'ip,owner,port\r\n10.0.0.1,"Anna ""A"", Ltd\nBerlin",80\r\n\r\n10.0.0.2,,443\r\n10.0.0.1,second,1\n';
const from = (ip: string): MutableFields => ({ source: { ip } });

test('a row of CSV, the first that fits', () => {
  const fields = looked(csv, { set: { owner: 'host.owner', port: 'server.port' } }, from('10.0.0.1'));
  assert.deepEqual(fields, { ...from('10.0.0.1'), host: { owner: 'Anna "A", Ltd\nBerlin' }, server: { port: '80' } });
});

test('without a row, or with nothing in it, what stands for it, or nothing', () => {
  const options = { default: { owner: 'nobody' } };
  for (const ip of ['10.0.0.2', '10.0.0.9']) assert.deepEqual(looked(csv, options, from(ip))['host'], { owner: 'nobody' });
  assert.deepEqual(looked(csv, options, {}), { host: { owner: 'nobody' } });
  assert.deepEqual(looked(csv, {}, from('10.0.0.9')), from('10.0.0.9'));
});

test('by several columns, and whatever the case', () => {
  const table = 'tenant,service,owner\nshop,WEB,anna\nbank,web,bert\n';
  const options = { by: { tenant: 'a', service: 'b' }, ignore_case: true };
  assert.partialDeepStrictEqual(looked(table, options, { a: 'SHOP', b: 'web' }), { host: { owner: 'anna' } });
});

test('JSON: a list of objects, an object of objects, an object of values', () => {
  for (const table of ['[{"ip":7,"owner":true}]', '{"7":{"owner":true}}', '{"7":true}']) {
    const fields = looked(table, { file: 'hosts.json' }, { source: { ip: 7 } });
    assert.deepEqual(fields['host'], { owner: true }, table);
  }
});

test('what is wrong in a table is told with its line', () => {
  for (const [table, said] of [
    ['', /is empty/],
    ['ip,name\n', /line 1: has no column owner/],
    ['ip,owner\n1,2\n3\n', /line 3: has 1 cells instead of 2/],
    ['ip,owner\n1,"2\n3', /line 2: has a quotation mark that is not closed/],
    ['ip,owner\n1,"2"x\n', /line 2: has something behind/],
  ] as const) {
    assert.throws(() => looked(table, {}, {}), said);
  }
  assert.throws(() => looked('{', { file: 'x.json' }, {}), /is not JSON/);
  assert.throws(() => looked('[1]', { file: 'x.json' }, {}), /entry 1: is no object/);
  assert.match(String(lookup.options.safeParse({ file: 'x.txt', by: { a: 'b' }, set: {} }).error), /format.*set/s);
});

test('no file crashes it otherwise than with a sentence', () => {
  const request = { keys: ['a'], columns: ['b'], ignoreCase: false };
  fc.assert(
    fc.property(
      fc.constantFrom('csv', 'json'),
      fc.string({ unit: fc.constantFrom('a', 'b', ',', '"', '\r', '\n', '{', '}', '[', ']', ':', '1') }),
      (format, text) => {
        try {
          readTable(Buffer.from(format === 'csv' ? `a,b\n${text}` : text), { ...request, format }).find(['a']);
        } catch (error) {
          assert(error instanceof Error && /^(?:line|entry|is|a|b|\d*)/.test(error.message) && !(error instanceof TypeError));
        }
      },
    ),
    { numRuns: 500 },
  );
});
