import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import fc from 'fast-check';
import { isObject } from '../../record/fields.ts';
import { StepError } from '../step.ts';
import { makeStep, recordOf, testSource, tryStep } from '../testing.ts';
import { syslog } from './syslog.ts';

const step = makeStep(syslog, {});

interface Seen {
  readonly syslog: unknown;
  readonly message: unknown;
  readonly time: string | undefined;
}

function seen(line: string, options: Parameters<typeof makeStep<typeof syslog.options>>[1] = {}): Seen {
  const { record } = tryStep(makeStep(syslog, options), line);
  const log = record.get(['log', 'syslog']);
  const header: Record<string, unknown> = isObject(log) ? { ...log } : {};
  delete header['facility'];
  delete header['severity'];
  return {
    syslog: header,
    message: record.get(['message']),
    time: record.eventMs === undefined ? undefined : new Date(record.eventMs).toISOString(),
  };
}

suite('the examples of RFC 3164, received in November 2026', () => {
  test('1: a whole header', () => {
    const { record } = tryStep(step, "<34>Oct 11 22:14:15 mymachine su: 'su root' failed for lonvick on /dev/pts/8\n");
    assert.deepEqual(record.fields, {
      log: {
        level: 'critical',
        syslog: {
          priority: 34,
          facility: { code: 4, name: 'auth' },
          severity: { code: 2, name: 'Critical' },
          hostname: 'mymachine',
          appname: 'su',
        },
      },
      process: { name: 'su' },
      message: "'su root' failed for lonvick on /dev/pts/8",
    });
    assert.equal(record.eventMs, Date.UTC(2026, 9, 11, 22, 14, 15));
  });

  test('2: no header, and as a relay passes it on', () => {
    assert.throws(() => tryStep(step, 'Use the BFG!'), { type: 'no_match' });
    assert.deepEqual(tryStep(makeStep(syslog, { format: 'rfc3164' }), 'Use the BFG!').record.fields, { message: 'Use the BFG!' });
    assert.deepEqual(seen('<13>Feb  5 17:32:18 10.0.0.99 Use the BFG!'), {
      syslog: { priority: 13, hostname: '10.0.0.99' },
      message: 'Use the BFG!',
      time: '2026-02-05T17:32:18.000Z',
    });
  });

  test('3: a zone and a year behind the time', () => {
    const message =
      "%% It's time to make the do-nuts.  %%  Ingredients: Mix=OK, Jelly=OK # Devices: Mixer=OK, Jelly_Injector=OK, Frier=OK # Transport: Conveyer1=OK, Conveyer2=OK # %%";
    assert.deepEqual(seen(`<165>Aug 24 05:34:00 CST 1987 mymachine myproc[10]: ${message}`), {
      syslog: { priority: 165, hostname: 'mymachine', appname: 'myproc', procid: '10' },
      message,
      time: '1987-08-24T11:34:00.000Z',
    });
  });

  test('4: a time that is none, and as a relay passes it on', () => {
    const rest = "1990 Oct 22 10:52:01 TZ-6 scapegoat.dmz.example.org 10.1.2.3 sched[0]: That's All Folks!";
    assert.deepEqual(seen(`<0>${rest}`), { syslog: { priority: 0 }, message: rest, time: undefined });
    assert.deepEqual(seen(`<0>Oct 22 10:52:12 scapegoat ${rest}`), {
      syslog: { priority: 0, hostname: 'scapegoat' },
      message: rest,
      time: '2026-10-22T10:52:12.000Z',
    });
  });
});

suite('the examples of RFC 5424', () => {
  test('1 and 2: no structured data, a byte order mark, microseconds', () => {
    assert.deepEqual(
      seen("<34>1 2003-10-11T22:14:15.003Z mymachine.example.com su - ID47 - \ufeff'su root' failed for lonvick on /dev/pts/8"),
      {
        syslog: { priority: 34, hostname: 'mymachine.example.com', appname: 'su', msgid: 'ID47', version: '1' },
        message: "'su root' failed for lonvick on /dev/pts/8",
        time: '2003-10-11T22:14:15.003Z',
      },
    );
    const { record } = tryStep(
      step,
      "<165>1 2003-08-24T05:14:15.000003-07:00 192.0.2.1 myproc 8710 - - %% It's time to make the do-nuts.",
    );
    assert.deepEqual(record.get(['process']), { name: 'myproc', pid: 8710 });
    assert.equal(record.get(['message']), "%% It's time to make the do-nuts.");
    assert.equal(record.eventMs, Date.UTC(2003, 7, 24, 12, 14, 15) + 0.003);
  });

  test('3 and 4: structured data, with and without a message', () => {
    const header = '<165>1 2003-10-11T22:14:15.003Z mymachine.example.com evntslog - ID47';
    const first = '[exampleSDID@32473 iut="3" eventSource="Application" eventID="1011"]';
    const data = { 'exampleSDID@32473': { iut: '3', eventSource: 'Application', eventID: '1011' } };
    assert.deepEqual(seen(`${header} ${first} \ufeffAn application event log entry...`), {
      syslog: {
        priority: 165,
        hostname: 'mymachine.example.com',
        appname: 'evntslog',
        msgid: 'ID47',
        version: '1',
        structured_data: data,
      },
      message: 'An application event log entry...',
      time: '2003-10-11T22:14:15.003Z',
    });
    assert.deepEqual(seen(`${header} ${first}[examplePriority@32473 class="high"]`), {
      syslog: {
        priority: 165,
        hostname: 'mymachine.example.com',
        appname: 'evntslog',
        msgid: 'ID47',
        version: '1',
        structured_data: { ...data, 'examplePriority@32473': { class: 'high' } },
      },
      message: '',
      time: '2003-10-11T22:14:15.003Z',
    });
  });

  test('of structured data: a space ends it, and none may stand before its name', () => {
    const header = '<165>1 - - - - -';
    const first = '[exampleSDID@32473 iut="3" eventSource="Application" eventID="1011"]';
    assert.equal(seen(`${header} ${first} [examplePriority@32473 class="high"]`).message, '[examplePriority@32473 class="high"]');
    const format = 'rfc5424';
    assert.throws(() => seen(`${header} [ exampleSDID@32473 iut="3"][examplePriority@32473 class="high"]`, { format }), {
      type: 'no_match',
    });
    assert.deepEqual(
      seen(`${header} [sigSig ver="1" rsID="1234" ver="2" note="\\"a\\]\\\\ \\b" empty=""][origin]`, { format }).syslog,
      {
        priority: 165,
        version: '1',
        structured_data: { sigSig: { ver: ['1', '2'], rsID: '1234', note: '"a]\\ \\b', empty: '' }, origin: {} },
      },
    );
  });

  test('of times: those that it calls valid, and none without an offset', () => {
    const times = [
      ['1985-04-12T23:20:50.52Z', '1985-04-12T23:20:50.520Z'],
      ['1985-04-12T19:20:50.52-04:00', '1985-04-12T23:20:50.520Z'],
      ['2003-10-11T22:14:15.003Z', '2003-10-11T22:14:15.003Z'],
      ['2003-08-24T05:14:15.000003-07:00', '2003-08-24T12:14:15.000Z'],
      // It calls nanoseconds invalid, but programs write them.
      ['2003-08-24T05:14:15.000000003-07:00', '2003-08-24T12:14:15.000Z'],
    ];
    for (const [written, expected] of times)
      assert.equal(seen(`<1>1 ${written} - - - - - x`, { format: 'rfc5424' }).time, expected);
    assert.throws(() => seen('<1>1 2003-10-11T22:14:15 - - - - - x', { format: 'rfc5424' }), { type: 'no_match' });
  });
});

test('what daemons write into files, and what devices send', () => {
  const lines: readonly [string, Seen['syslog'], string, string | undefined][] = [
    [
      'Nov 21 04:05:06 web-1 sshd[17]: Accepted',
      { hostname: 'web-1', appname: 'sshd', procid: '17' },
      'Accepted',
      '2026-11-21T04:05:06.000Z',
    ],
    [
      '2026-11-21T04:05:06.123456+01:00 web-1 CRON[7]: (root) CMD',
      { hostname: 'web-1', appname: 'CRON', procid: '7' },
      '(root) CMD',
      '2026-11-21T03:05:06.123Z',
    ],
    [
      '<30>Nov 21 04:05:06 systemd[1]: Started.',
      { priority: 30, appname: 'systemd', procid: '1' },
      'Started.',
      '2026-11-21T04:05:06.000Z',
    ],
    [
      '<30>Nov 21 04:05:06 fe80::1 kernel: [ 1.2] up',
      { priority: 30, hostname: 'fe80::1', appname: 'kernel' },
      '[ 1.2] up',
      '2026-11-21T04:05:06.000Z',
    ],
    [
      '<26> Nov 21 2025 04:05:06 fw : %ASA-6-1: Built',
      { priority: 26, hostname: 'fw', appname: '%ASA-6-1' },
      'Built',
      '2025-11-21T04:05:06.000Z',
    ],
    ['Nov 21 04:05:06.250 h last message repeated', { hostname: 'h' }, 'last message repeated', '2026-11-21T04:05:06.250Z'],
    ['<13>hello', { priority: 13 }, 'hello', undefined],
    ['<1>1 not the newer one', { priority: 1 }, '1 not the newer one', undefined],
    ['Nov 21 04:05:06', {}, '', '2026-11-21T04:05:06.000Z'],
  ];
  for (const [line, syslogFields, message, time] of lines)
    assert.deepEqual(seen(line), { syslog: syslogFields, message, time }, line);
});

test('the year is that of when the record was received, also around New Year and on a leap day', () => {
  const cases: readonly [string, number, string][] = [
    ['Dec 31 23:59:59', Date.UTC(2027, 0, 1, 0, 0, 5), '2026-12-31T23:59:59.000Z'],
    ['Jan  1 00:00:01', Date.UTC(2026, 11, 31, 23, 59, 58), '2027-01-01T00:00:01.000Z'],
    ['Jan  2 12:00:00', Date.UTC(2026, 11, 31, 23, 59, 58), '2026-01-02T12:00:00.000Z'],
    ['Nov 23 00:00:00', Date.UTC(2026, 10, 22), '2026-11-23T00:00:00.000Z'],
    ['Nov 24 00:00:00', Date.UTC(2026, 10, 22), '2025-11-24T00:00:00.000Z'],
    ['Feb 29 00:00:00', Date.UTC(2026, 10, 22), '2024-02-29T00:00:00.000Z'],
  ];
  for (const [time, receivedMs, expected] of cases) {
    const record = recordOf(`${time} h a: b`, { receivedMs });
    tryStep(step, record);
    assert.equal(new Date(record.eventMs ?? 0).toISOString(), expected);
  }
});

test('local times are in the zone of the step, on both sides of a change of the clocks', () => {
  const vienna = makeStep(syslog, { timezone: 'Europe/Vienna' });
  for (const [time, expected] of [
    ['Mar 29 01:59:59', '2026-03-29T00:59:59.000Z'],
    ['Mar 29 03:00:00', '2026-03-29T01:00:00.000Z'],
    ['Jul  1 12:00:00', '2026-07-01T10:00:00.000Z'],
    ['Oct 25 02:30:00', '2026-10-25T00:30:00.000Z'],
    ['Oct 25 03:00:00', '2026-10-25T02:00:00.000Z'],
    ['Jan  1 12:00:00', '2026-01-01T11:00:00.000Z'],
  ]) {
    const { record } = tryStep(vienna, recordOf(`${time} h a: b`));
    assert.equal(new Date(record.eventMs ?? 0).toISOString(), expected);
  }
});

test('a priority that there is not is none', () => {
  for (const line of [
    '<192>x',
    '<>x',
    '<1x',
    '<1234>x',
    '<-1>x',
    '',
    'Nov 32 00:00:00 x',
    'Nop 12 00:00:00 x',
    'Nov 12 24:00:00 x',
  ]) {
    const record = recordOf(line);
    assert.throws(() => tryStep(step, record), StepError, line);
    assert.deepEqual(record.fields, {});
  }
});

test('no line crashes the step', () => {
  const piece = fc.oneof(
    fc.constantFrom(
      '<34>',
      '1 ',
      'Oct 11 22:14:15',
      ' ',
      'host ',
      '- ',
      '[a b="',
      '"]',
      '\\',
      '2003-10-11T22:14:15Z',
      'a[1]: ',
      ':',
    ),
    fc.string(),
  );
  fc.assert(
    fc.property(fc.array(piece, { maxLength: 12 }), (pieces) => {
      const record = recordOf(pieces.join(''));
      try {
        tryStep(step, record);
        assert.equal(typeof record.get(['message']), 'string');
      } catch (error) {
        assert.ok(error instanceof StepError);
        assert.deepEqual(record.fields, {});
        assert.equal(record.eventMs, undefined);
      }
    }),
  );
});

test('ten megabytes are read in the time of a few passes', () => {
  const started = process.cpuUsage();
  for (const part of ['x', '\\"', '[a b="c"]', ' ', '<']) {
    const long = part.repeat(10_000_000 / part.length);
    for (const head of ['<34>', '<34>1 - - - - - ', '<34>1 - - - - - [a b="', 'Nov 12 00:00:00 ', 'Nov 12 00:00:00 h a[']) {
      assert.equal(typeof tryStep(step, recordOf(head + long, testSource)).record.get(['message']), 'string');
    }
  }
  const { user } = process.cpuUsage(started);
  assert.ok(user < 10_000_000, `${user} µs`);
});
