import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseFieldQuery } from '../../../search/field-query/parse.ts';
import { FrameRows } from './frame-rows.ts';
import { mayMeet, rowTest } from './row-test.ts';

interface Row {
  readonly host?: string;
  readonly labels?: object;
  readonly flags?: string;
  readonly event?: string;
  readonly fields?: object;
  readonly raw?: string;
  readonly channel?: string;
}

function meets(
  { host = 'web1', labels, flags = '', event = '', fields, raw = 'GET /a took 12ms', channel = 'shop/web' }: Row,
  query: string,
  ignoreCase = false,
): boolean {
  const quoted = (text: string): string => `"${text.replaceAll('"', '""')}"`;
  const json = (value: object | undefined): string => (value === undefined ? '' : quoted(JSON.stringify(value)));
  const start = `2026-11-22T10:00:00.000Z,${host},${'a'.repeat(32)},${'b'.repeat(32)},/var/log/a.log,${json(labels)}`;
  const frame = Buffer.from(`${start},10,0,${flags},${event},${json(fields)},${quoted(`${raw}\n`)}\n`);
  const rows = new FrameRows(frame, 0);
  assert.ok(rows.next());
  const condition = parseFieldQuery(query);
  const isMet = rowTest(condition, { frame, channel, ignoreCase }).matches(rows);
  assert.ok(mayMeet(frame, condition, ignoreCase) || !isMet, `${query}: a frame is passed over that has what is wanted`);
  return isMet;
}

const parsed = {
  http: { request: { method: 'GET' }, response: { status_code: 503 } },
  'user.name': 'anna',
  tags: ['slow', 'cached'],
  ok: true,
  took: '12',
};

test('a document of the platform channel is looked at as the JSON that it is', () => {
  const document = {
    '@timestamp': '2026-11-21T00:00:00.000Z',
    event: { action: 'token-created' },
    message: 'an enrolment token was created',
    user: { name: 'anna' },
    tributary: { audit: { sequence: 17 } },
  };
  const row = { raw: JSON.stringify(document), channel: 'tributary/platform' };
  const yes = [
    'tributary.audit.sequence:* AND user.name:"anna" AND event.action:"token-created"',
    'user:anna tributary.audit.sequence:>16',
    '@timestamp:<2026-11-22',
    'message:"enrolment token"',
    'line:"token-created"',
    'received:>=2026-11-22',
    'type:platform host:web1',
  ];
  for (const query of yes) assert.ok(meets(row, query), query);
  const no = ['message:"token-created"', 'user.name:bert', 'tributary.audit.sequences:*', '@timestamp:>2026-11-22'];
  for (const query of no) assert.ok(!meets(row, query), query);
  assert.ok(!meets({ ...row, channel: 'shop/web' }, 'user.name:anna'));
  assert.ok(!meets({ ...row, raw: '{"user":{"name":' }, 'user.name:anna'));
  // What a pipeline has found is what counts.
  assert.ok(meets({ ...row, fields: { user: { name: 'bert' } } }, 'user.name:bert NOT user.name:anna'));
  assert.ok(meets({ ...row, raw: String.raw`{"\u0075ser":{"n\u0061me":"anna"}}` }, 'user.name:anna'));
});

test('a frame or a row without the name of a field is not read as JSON', () => {
  const frame = Buffer.from('2026-11-22T10:00:00.000Z,web1,a,b,/c,,10,0,,,"{""user.name"":""anna""}","x"\n');
  const may = (query: string): boolean => mayMeet(frame, parseFieldQuery(query));
  for (const query of [
    'user.name:*',
    'user:x',
    'name:x',
    'host.name:x',
    'log.file.path:x',
    'NOT status:5',
    'message:y',
    'labels.user:x',
  ])
    assert.ok(may(query), query);
  for (const query of ['status:5', 'user.id:*', 'labels.env:x', 'status:>5', 'a.bb:c*', 'user.name:a AND status:5'])
    assert.ok(!may(query), query);
});

test('conditions on what a pipeline found', () => {
  const yes = [
    'http.response.status_code:503',
    'status:>=500 AND method:GET NOT host:web2',
    'status:[500 TO 599]',
    'user.name:anna',
    'user:an*',
    'user:?nna',
    'tags:slow',
    'tags:(x OR cached)',
    'ok:true',
    'took:<13',
    'http.request.method:*',
    'NOT nothing.of.this:*',
  ];
  const no = [
    'status:<500',
    'method:get',
    'user:ann',
    'user:*b*',
    'tags:slo',
    'took:>abc',
    'nothing:1',
    'http:*x*',
    'status:50?x',
  ];
  for (const query of yes) assert.ok(meets({ fields: parsed }, query), query);
  for (const query of no) assert.ok(!meets({ fields: parsed }, query), query);
  assert.ok(meets({ fields: parsed }, 'method:get', true));
  assert.ok(meets({ raw: '{"status":500,"user":{"name":"bo"}}', flags: 'json' }, 'status:500 user.name:bo'));
});

test('conditions on the row and its line', () => {
  const row = { labels: { env: 'prod', 'app.kubernetes.io/name': 'shop' }, event: '2026-11-22T09:59:59.000Z' };
  const yes = [
    'TOOK',
    '"/a took"',
    'line:12ms',
    'message:GET',
    'tenant:shop type:web',
    'host.name:web1',
    'source:*.log',
    'log.file.path:"/var/log/a.log"',
    'labels.env:prod',
    'labels.app.kubernetes.io/name:shop',
    '@timestamp:<2026-11-22T10:00:00Z',
    'received:>=2026-11-22T10:00:00Z',
    'to*12ms',
    `stream:${'b'.repeat(32)}`,
  ];
  const no = ['took5', 'tenant:bank', 'labels.env:test', 'received:>2026-11-22T11', 'labels.none:*', String.raw`to\*12`];
  for (const query of yes) assert.ok(meets(row, query), query);
  for (const query of no) assert.ok(!meets(row, query), query);
});

test('frames without a row of the wanted machine are passed over', () => {
  const frame = Buffer.from('2026-11-22T10:00:00.000Z,web1,agent,stream,/var/log/web2,,10,0,,,,"from web3\\n"\\n');
  const passedOver = (query: string): boolean => !mayMeet(frame, parseFieldQuery(query));
  assert.deepEqual(['host:web2', 'host:(web2 OR web3) x', 'a OR host:web2', 'host:web1', 'NOT host:web2'].map(passedOver), [
    true,
    true,
    false,
    false,
    false,
  ]);
});

test('a pattern of many stars ends soon', () => {
  const started = performance.now();
  assert.ok(!meets({ raw: 'a'.repeat(20_000) }, `line:${'*a'.repeat(30)}*b`));
  assert.ok(performance.now() - started < 60_000);
});
