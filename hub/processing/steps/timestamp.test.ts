import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import fc from 'fast-check';
import { StepError, StepOptionError } from './step.ts';
import { makeStep, recordOf, tryStep } from './testing.ts';
import { timestamp } from './timestamp.ts';

const iso = '2026-11-22T04:05:06.000Z';

interface Case {
  readonly text: string;
  readonly timezone?: string;
  readonly receivedMs?: number;
}

function readTime(format: string, { text, timezone = 'UTC', receivedMs = Date.UTC(2026, 10, 23) }: Case): string | undefined {
  const record = recordOf(text, { receivedMs });
  tryStep(makeStep(timestamp, { formats: [format], timezone }), record);
  return record.eventMs === undefined ? undefined : new Date(record.eventMs).toISOString();
}

suite('formats by name', () => {
  const cases: readonly [string, readonly string[]][] = [
    [
      'iso8601',
      [
        iso,
        '2026-11-22T04:05:06Z',
        '2026-11-22 04:05:06',
        '2026-11-22T05:05:06+01:00',
        '2026-11-22 05:05:06,000 +0100',
        '2026-11-22T04:05:06+00',
        '20261122T040506Z',
        '20261122T040506.000',
        '20261122T050506,000+0100',
        '20261122t040506z',
      ],
    ],
    ['rfc3339', [iso, '2026-11-21t20:05:06-08:00', '2026-11-22 04:05:06z']],
    ['rfc2822', ['Sun, 22 Nov 2026 05:05:06 +0100', '22 Nov 2026 04:05:06 GMT', 'Sat, 21 Nov 2026 23:05:06 EST']],
    ['http', ['Sun, 22 Nov 2026 04:05:06 GMT', 'Sunday, 22-Nov-26 04:05:06 GMT', 'Sun Nov 22 04:05:06 2026']],
    ['ctime', ['Sun Nov 22 04:05:06 2026', 'Sun Nov 22 05:05:06 CET 2026']],
    ['common_log', ['22/Nov/2026:05:05:06 +0100', '[22/Nov/2026:04:05:06 +0000]', '22/Nov/2026:04:05:06']],
    ['syslog', ['Nov 22 04:05:06']],
    ['epoch', ['1795320306', '1795320306000', '1795320306000000', '1795320306000000000', '1795320306.000']],
    ['epoch_s', ['1795320306']],
    ['epoch_ms', ['1795320306000']],
    ['epoch_us', ['1795320306000000']],
    ['epoch_ns', ['1795320306000000000']],
  ];
  for (const [format, texts] of cases) {
    test(format, () => {
      for (const text of texts) assert.equal(readTime(format, { text }), iso, text);
    });
  }
});

test('patterns of strptime and of Unicode', () => {
  const cases: readonly [string, string][] = [
    ['%d/%b/%Y:%H:%M:%S %z', '22/Nov/2026:05:05:06 +0100'],
    ['%a %b %e %T %Y', 'Sun Nov 22 04:05:06 2026'],
    ['%F %T.%f', '2026-11-22 04:05:06.0000'],
    ['%y%m%d %I:%M:%S %p', '261122 04:05:06 AM'],
    ['%Y-%j %H:%M:%S', '2026-326 04:05:06'],
    ['%s.%L', '1795320306.000'],
    ['%b %d %H:%M:%S', 'Nov 22 04:05:06'],
    ['%A, %B %d %Y %T %Z', 'Sunday, November 22 2026 05:05:06 Europe/Vienna'],
    ['100%% %F %T', '100% 2026-11-22 04:05:06'],
    ['dd/MMM/yyyy:HH:mm:ss Z', '22/Nov/2026:05:05:06 +0100'],
    ["yyyy-MM-dd'T'HH:mm:ss.SSSXXX", '2026-11-22T05:05:06.000+01:00'],
    ['yyyyMMddHHmmssSSS', '20261122040506000'],
    ['EEEE, MMMM d, yyyy h:mm:ss a', 'Sunday, November 22, 2026 4:05:06 AM'],
    ["d.M.yy HH 'o''clock' mm:ss z", "22.11.26 05 o'clock 05:06 UTC+1:00".replace('+1', '+01')],
    ['yyyy/MM/dd HH:mm:ss VV', '2026/11/21 23:05:06 America/New_York'],
    ['D uuuu HH:mm:ss', '326 2026 04:05:06'],
  ];
  for (const [format, text] of cases) assert.equal(readTime(format, { text }), iso, `${format} of ${text}`);
});

test('the basic format, the end of a day and leap seconds of ISO 8601', () => {
  const cases: readonly [string, string | undefined, string?][] = [
    ['20240615T1000Z', '2024-06-15T10:00:00.000Z'],
    ['20240615', '2024-06-15T00:00:00.000Z'],
    ['20240615', '2024-06-14T22:00:00.000Z', 'Europe/Vienna'],
    ['2024-12-31T24:00:00Z', '2025-01-01T00:00:00.000Z'],
    ['2024-02-28 24:00', '2024-02-29T00:00:00.000Z'],
    ['20240615T240000.000+0200', '2024-06-15T22:00:00.000Z'],
    ['2026-10-24T24:00:00', '2026-10-24T22:00:00.000Z', 'Europe/Vienna'],
    ['2016-12-31T23:59:60Z', '2017-01-01T00:00:00.000Z'],
    ['20161231T235960Z', '2017-01-01T00:00:00.000Z'],
    ...[
      '2024-06-15T24:00:01Z',
      '2024-06-15T24:01:00Z',
      '20240631T100000Z',
      '20240615T10:00:00Z',
      '2024-0615',
      '20240615T250000Z',
    ].map((text): [string, undefined] => [text, undefined]),
    ...['9999-12-31T24:00:00Z', '20240615T100061Z', '20240615T10Z', '20240615T100000+01:00x'].map((text): [string, undefined] => [
      text,
      undefined,
    ]),
  ];
  for (const [text, expected, timezone = 'UTC'] of cases) {
    if (expected === undefined) assert.throws(() => readTime('iso8601', { text }), StepError, text);
    else assert.equal(readTime('iso8601', { text, timezone }), expected, text);
  }
  for (const text of ['20240615T100000.000Z', '2024-06-15T24:00:00Z'])
    assert.throws(() => readTime('rfc3339', { text }), StepError, 'RFC 3339 has neither');
});

test('fractions down to microseconds stay', () => {
  const step = makeStep(timestamp, { formats: ['iso8601', '%s.%N', 'epoch_ns'] });
  const base = Date.UTC(2026, 10, 22, 4, 5, 6);
  assert.equal(tryStep(step, '2026-11-22T04:05:06.123456Z').record.eventMs, base + 123.456);
  assert.equal(tryStep(step, '1795320306123456789').record.eventMs, base + 123.456787);
  assert.equal(tryStep(step, '1795320306.5').record.eventMs, base + 500);
});

test('zones by name, through both changes of the clocks, and by offset', () => {
  const format = 'yyyy-MM-dd HH:mm:ss';
  const cases: readonly [string, string, string][] = [
    ['Europe/Vienna', '2026-03-29 01:59:59', '2026-03-29T00:59:59.000Z'],
    ['Europe/Vienna', '2026-03-29 02:30:00', '2026-03-29T01:30:00.000Z'],
    ['Europe/Vienna', '2026-03-29 03:00:00', '2026-03-29T01:00:00.000Z'],
    ['Europe/Vienna', '2026-10-25 02:30:00', '2026-10-25T00:30:00.000Z'],
    ['America/New_York', '2026-07-01 00:00:00', '2026-07-01T04:00:00.000Z'],
    ['Australia/Lord_Howe', '2026-01-01 00:00:00', '2025-12-31T13:00:00.000Z'],
    ['+05:30', '2026-01-01 00:00:00', '2025-12-31T18:30:00.000Z'],
    ['-0800', '2026-01-01 00:00:00', '2026-01-01T08:00:00.000Z'],
  ];
  for (const [timezone, text, expected] of cases)
    assert.equal(readTime(format, { text, timezone }), expected, `${timezone} ${text}`);
});

test('what the zone keeps between records changes nothing: as Temporal has it, in any order', () => {
  const zone = 'Europe/Vienna';
  const step = makeStep(timestamp, { formats: ['iso8601'], timezone: zone });
  fc.assert(
    fc.property(fc.array(fc.integer({ min: Date.UTC(2024, 0), max: Date.UTC(2028, 0) })), (times) => {
      for (const time of times) {
        const text = new Date(time).toISOString().slice(0, 19);
        const expected = Temporal.PlainDateTime.from(text).toZonedDateTime(zone).epochMilliseconds;
        assert.equal(tryStep(step, text).record.eventMs, expected, text);
      }
    }),
  );
});

test('the year is told by when the record was received', () => {
  const cases: readonly [string, number, string][] = [
    ['Dec 31 23:59:59', Date.UTC(2027, 0, 1), '2026-12-31T23:59:59.000Z'],
    ['Jan 01 00:00:00', Date.UTC(2026, 11, 31, 23), '2027-01-01T00:00:00.000Z'],
    ['Nov 22 00:00:00', Date.UTC(2026, 10, 22), '2026-11-22T00:00:00.000Z'],
    ['Feb 29 00:00:00', Date.UTC(2026, 10, 22), '2024-02-29T00:00:00.000Z'],
  ];
  for (const [text, receivedMs, expected] of cases) assert.equal(readTime('%b %d %H:%M:%S', { text, receivedMs }), expected);
});

test('a named field is removed unless it is kept; numbers are read, too', () => {
  for (const keep of [false, true]) {
    const record = recordOf('{}');
    record.set(['app', 'time'], 1_795_320_306.25);
    tryStep(makeStep(timestamp, { from: 'app.time', formats: ['epoch_s'], keep }), record);
    assert.equal(record.eventMs, 1_795_320_306_250);
    assert.deepEqual(record.fields, keep ? { app: { time: 1_795_320_306.25 } } : {});
  }
});

test('what is no time is refused with what it is, and the record stays as it was', () => {
  const wrong: readonly [string, string][] = [
    ['iso8601', '2026-13-01T00:00:00Z'],
    ['iso8601', '2026-02-30T00:00:00Z'],
    ['iso8601', '2026-11-22T24:00:01Z'],
    ['iso8601', '2026-11-22T04:05:06+25:00'],
    ['iso8601', '2026-11-22T04:05:06 x'],
    ['rfc3339', '2026-11-22T04:05:06'],
    ['common_log', '22/Nov/2026:04:05:06 +0000 x'],
    ['syslog', 'Nov 22 04:05:06 x'],
    ['syslog', 'Feb 30 04:05:06'],
    ['epoch_ms', '99999999999999999'],
    ['epoch', '0x10'],
    ['%d.%m.%Y', '31.04.2026'],
    ['%d.%m.%Y %I %p', '30.04.2026 13 PM'],
    ['%Y-%j', '2026-366'],
    ['%F %Z', '2026-11-22 Nowhere/Land'],
    ['iso8601', ''],
    ['iso8601', 'x'.repeat(100_000)],
  ];
  for (const [format, text] of wrong) {
    const record = recordOf(text);
    assert.throws(
      () => tryStep(makeStep(timestamp, { formats: [format] }), record),
      { name: 'StepError', type: 'timestamp' },
      text,
    );
    assert.equal(record.eventMs, undefined);
  }
  assert.throws(() => tryStep(makeStep(timestamp, { from: 'no.field' }), 'x'), { type: 'no_field' });
});

test('formats that there are not are told with their place, zones with what they could be', () => {
  for (const format of ['iso8061', '%H:%M', '%d.%m. %', '%Y-%G', 'HH:mm', 'yyyy bb', "dd'MM", '%']) {
    assert.throws(
      () => makeStep(timestamp, { formats: ['iso8601', format] }),
      (error) => error instanceof StepOptionError && error.path.join('.') === 'formats.1',
      format,
    );
  }
  assert.throws(() => makeStep(timestamp, { timezone: 'Europe/Wien' }), /Europe\/Vienna/);
});

test('no text crashes the step', () => {
  const step = makeStep(timestamp, {
    formats: ['iso8601', 'rfc2822', 'common_log', 'syslog', 'epoch', '%a %b %e %T %Z %Y', 'yyyyMMddHHmmssSSS z'],
    timezone: 'Europe/Vienna',
  });
  const piece = fc.oneof(
    fc.constantFrom('2026', '-11', '-22', 'T', '04:05:06', '.1', 'Z', '+01:00', ' ', 'Nov', 'Sun,', '/', 'PM', '22'),
    fc.string(),
  );
  fc.assert(
    fc.property(fc.array(piece, { maxLength: 10 }), (pieces) => {
      const record = recordOf(pieces.join(''));
      try {
        tryStep(step, record);
        assert.ok(Number.isFinite(record.eventMs));
      } catch (error) {
        assert.ok(error instanceof StepError);
        assert.equal(record.eventMs, undefined);
      }
    }),
  );
});
