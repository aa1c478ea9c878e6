import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import fc from 'fast-check';
import type { PipelineRecord } from '../../record/record.ts';
import { StepError } from '../step.ts';
import { makeStep, recordOf, tryStep } from '../testing.ts';
import { cef } from './cef.ts';
import { leef } from './leef.ts';

const cefStep = makeStep(cef, {});
const leefStep = makeStep(leef, {});

function readCef(line: string): PipelineRecord {
  return tryStep(cefStep, line).record;
}

function readLeef(line: string): PipelineRecord {
  return tryStep(leefStep, line).record;
}

suite('CEF: the examples of its standard', () => {
  test('a whole message, with and without syslog before it', () => {
    const event = 'CEF:0|Security|threatmanager|1.0|100|worm successfully stopped|10|src=10.0.0.1 dst=2.1.2.2 spt=1232';
    const fields = {
      observer: { vendor: 'Security', product: 'threatmanager', version: '1.0' },
      event: { code: '100', severity: 10 },
      cef: { version: '0', name: 'worm successfully stopped', severity: '10' },
      source: { address: '10.0.0.1', ip: '10.0.0.1', port: 1232 },
      destination: { address: '2.1.2.2', ip: '2.1.2.2' },
    };
    assert.deepEqual(readCef(event).fields, fields);
    const record = readCef(`Sep 19 08:26:10 host ${event}`);
    assert.deepEqual(record.fields, { ...fields, log: { syslog: { hostname: 'host' } } });
    assert.equal(record.eventMs, Date.UTC(2026, 8, 19, 8, 26, 10));
  });

  test('a bar in the header is escaped, in the extension it is not', () => {
    const record = readCef(
      String.raw`CEF:0|security|threatmanager|1.0|100|detected a \| in message|10|src=10.0.0.1 act=blocked a | dst=1.1.1.1`,
    );
    assert.equal(record.get(['cef', 'name']), 'detected a | in message');
    assert.equal(record.get(['event', 'action']), 'blocked a |');
  });

  test('backslashes are escaped in both', () => {
    const record = readCef(
      String.raw`CEF:0|security|threatmanager|1.0|100|detected a \\ in packet|10|src=10.0.0.1 act=blocked a \\ dst=1.1.1.1`,
    );
    assert.equal(record.get(['cef', 'name']), String.raw`detected a \ in packet`);
    assert.equal(record.get(['event', 'action']), String.raw`blocked a \ `.trimEnd());
    assert.equal(record.get(['destination', 'ip']), '1.1.1.1');
  });

  test('equals signs are escaped in the extension, in the header they are not', () => {
    const record = readCef(
      String.raw`CEF:0|security|threatmanager|1.0|100|detected a = in message|10|src=10.0.0.1 act=blocked a \= dst=1.1.1.1`,
    );
    assert.equal(record.get(['cef', 'name']), 'detected a = in message');
    assert.equal(record.get(['event', 'action']), 'blocked a =');
    assert.equal(record.get(['destination', 'ip']), '1.1.1.1');
  });

  test('several lines in a value', () => {
    const record = readCef(
      String.raw`CEF:0|security|threatmanager|1.0|100|Detected a threat. No action needed.|10|src=10.0.0.1 msg=Detected a threat.\n No action needed.`,
    );
    assert.equal(record.get(['message']), 'Detected a threat.\n No action needed.');
  });
});

test('CEF: types, times, custom keys, and what does not fit its field', () => {
  const record = readCef(
    'CEF:1|V|P||id|n|Very-High|rt=Nov 22 2026 05:05:06.250 CET start=1795320306000 end=x spt=99999 dpt=443 src=host.example smac=00:0d:60:af:1b:61 ' +
      'proto=TCP app=HTTPS outcome=/Attempt deviceDirection=1 cs1=a b cs1Label=Shop cn1=7 cfp1=1.5 c6a1=2001:db8::1 cnt=x in=12 out=34 fsize=5 ' +
      'request=http://a.example/?x=1&y=2 requestMethod=GET ad.key=1 my_key=k  dvc=10.0.0.9 cat=/A/B catdt=FW empty= ',
  );
  assert.equal(record.eventMs, Date.UTC(2026, 10, 22, 4, 5, 6, 250));
  assert.deepEqual(record.fields, {
    observer: { vendor: 'V', product: 'P', version: '', ip: '10.0.0.9' },
    event: { code: 'id', start: '2026-11-22T04:05:06.000Z' },
    cef: {
      version: '1',
      name: 'n',
      severity: 'Very-High',
      extensions: {
        eventOutcome: '/Attempt',
        deviceCustomString1: 'a b',
        deviceCustomString1Label: 'Shop',
        deviceCustomNumber1: 7,
        deviceCustomFloatingPoint1: 1.5,
        deviceCustomIPv6Address1: '2001:db8::1',
        'ad.key': '1',
        my_key: 'k',
        deviceEventCategory: '/A/B',
        categoryDeviceType: 'FW',
      },
    },
    destination: { port: 443, bytes: 34 },
    source: { address: 'host.example', mac: '00-0D-60-AF-1B-61', bytes: 12 },
    network: { transport: 'tcp', protocol: 'https', direction: 'outbound' },
    file: { size: 5 },
    url: { original: 'http://a.example/?x=1&y=2' },
    http: { request: { method: 'GET' } },
  });
});

suite("LEEF: the examples of IBM's documentation", () => {
  test('1.0, with tabs', () => {
    const line =
      'LEEF:1.0|Microsoft|MSExchange|2013 SP1|15345|src=192.0.2.0\tdst=172.50.123.1\tsev=5\tcat=anomaly\tsrcPort=81\tdstPort=21\tusrName=joe.black';
    assert.deepEqual(readLeef(line).fields, {
      observer: { vendor: 'Microsoft', product: 'MSExchange', version: '2013 SP1' },
      event: { code: '15345', severity: 5 },
      source: { address: '192.0.2.0', ip: '192.0.2.0', port: 81 },
      destination: { address: '172.50.123.1', ip: '172.50.123.1', port: 21 },
      user: { name: 'joe.black' },
      leef: { version: '1.0', attributes: { cat: 'anomaly' } },
    });
  });

  test('2.0, with a delimiter of its own, in each way that it may be written', () => {
    for (const written of ['^', 'x5E', '0x5e', String.raw`\x5E`, '0x005E']) {
      const record = readLeef(
        `LEEF:2.0|Lancope|StealthWatch|1.0|41|${written}|src=10.0.1.8^dst=10.0.0.5^sev=5^srcPort=81^dstPort=21^msg=a|b=c`,
      );
      assert.deepEqual(record.get(['destination']), { address: '10.0.0.5', ip: '10.0.0.5', port: 21 }, written);
      assert.deepEqual(record.get(['leef']), { version: '2.0', attributes: { msg: 'a|b=c' } });
    }
    for (const written of ['', '|']) {
      assert.deepEqual(readLeef(`LEEF:2.0|V|P|1|7|${written}a=b\tc=d|e`).get(['leef', 'attributes']), { a: 'b', c: 'd|e' });
    }
  });

  test("headers of syslog, also cut behind the host as QRadar's documentation has them", () => {
    const event = 'LEEF:1.0|V|P|1|7|a=b';
    const headers = [
      ['<13>Jan 18 11:07:53 192.168.1.1', '2026-01-18T11:07:53.000Z'],
      ['Jan 18 11:07:53 myhostname', '2026-01-18T11:07:53.000Z'],
      ['<13>1 2019-01-18T11:07:53.520Z 192.168.1.1', '2019-01-18T11:07:53.520Z'],
      ['<133>1 2019-01-18T11:07:53.520+07:00 myhostname', '2019-01-18T04:07:53.520Z'],
    ];
    for (const [header, time] of headers) {
      const record = readLeef(`${header} ${event}`);
      assert.equal(new Date(record.eventMs ?? 0).toISOString(), time);
      assert.equal(record.get(['log', 'syslog', 'hostname']), header?.split(' ').at(-1));
    }
  });

  test('times of the device, with a pattern that the event brings along', () => {
    const times = [
      ['devTime=1795320306000', 0],
      ['devTime=Nov 22 2026 04:05:06', 0],
      ['devTime=Nov 22 2026 05:05:06.125 CET', 125],
      ['devTime=22/11/2026 04:05:06\tdevTimeFormat=dd/MM/yyyy HH:mm:ss', 0],
    ] as const;
    for (const [attributes, ms] of times) {
      const record = readLeef(`LEEF:1.0|V|P|1|7|${attributes}`);
      assert.equal(record.eventMs, Date.UTC(2026, 10, 22, 4, 5, 6, ms), attributes);
      assert.deepEqual(record.get(['leef']), { version: '1.0' });
    }
    assert.equal(readLeef('LEEF:1.0|V|P|1|7|devTime=x\tdevTimeFormat=qq').eventMs, undefined);
  });
});

test('what is no event is refused, and the record stays as it was', () => {
  for (const line of [
    '',
    'CEF:',
    'CEF:0|a|b|c|d|e',
    'CEF:x|a|b|c|d|e|f|',
    'xCEF:0|a|b|c|d|e|f|',
    'LEEF:1.0|a|b|c',
    'LEEF:3.0|a|b|c|d|',
    'LEEF:x|||||',
  ]) {
    for (const step of [cefStep, leefStep]) {
      const record = recordOf(line);
      assert.throws(() => tryStep(step, record), { name: 'StepError', type: 'no_match' }, line);
      assert.deepEqual(record.fields, {});
    }
  }
});

test('no line crashes the steps, nor do names that objects have by themselves', () => {
  assert.deepEqual(Object.keys(Object(readCef('CEF:0|a|b|c|d|e|f|__proto__=x constructor=y').get(['cef', 'extensions']))), [
    '__proto__',
    'constructor',
  ]);
  assert.deepEqual(Object.keys(Object(readLeef('LEEF:1.0|a|b|c|d|__proto__=x').get(['leef', 'attributes']))), ['__proto__']);
  const piece = fc.oneof(
    fc.constantFrom(
      'CEF:0|',
      'LEEF:2.0|',
      'a|',
      '\\',
      '|',
      'src=',
      'rt=',
      'Nov 22 2026 05:05:06',
      ' ',
      '=',
      '\t',
      'x5E|',
      'devTime=',
      'spt=7 ',
    ),
    fc.string(),
  );
  fc.assert(
    fc.property(fc.array(piece, { maxLength: 20 }), (pieces) => {
      for (const step of [cefStep, leefStep]) {
        const record = recordOf(pieces.join(''));
        try {
          tryStep(step, record);
          assert.ok(Object.hasOwn(record.fields, 'observer'));
        } catch (error) {
          assert.ok(error instanceof StepError);
          assert.deepEqual(record.fields, {});
        }
      }
    }),
  );
});

test('ten megabytes are read, or refused, in the time of a few passes', () => {
  const started = process.cpuUsage();
  for (const part of ['x', '=', ' a=', '\\', '|', 'aaaaaaaaaaaaaaaaaaaaaaaaa=']) {
    const long = part.repeat(Math.floor(5_000_000 / part.length));
    readCef(`CEF:0|a|b|c|d|e|f|msg=${long}`);
    readLeef(`LEEF:1.0|a|b|c|d|msg=${long}`);
    assert.throws(() => readCef(`CEF:0|${part === '|' ? '' : long}`), StepError);
  }
  const { user } = process.cpuUsage(started);
  assert.ok(user < 8_000_000, `${user} µs`);
});
