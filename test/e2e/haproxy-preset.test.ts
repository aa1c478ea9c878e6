/**
 * Real HAProxy in front of real HAProxy: what both log of the same requests becomes documents that tell by the preset at which level,
 * through which gateway and by which instance of which service each was answered.
 */
import assert from 'node:assert/strict';
import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import { test } from 'node:test';
import { compileExpressions } from '@tributary/hub/processing/conditions/compile-conditions.ts';
import { compilePipeline, type CompiledPipeline } from '@tributary/hub/processing/definition/compile.ts';
import { newStepCounts, runSteps } from '@tributary/hub/processing/engine/run-steps.ts';
import { presetSource } from '@tributary/hub/processing/presets/presets.ts';
import type { PipelineRecord } from '@tributary/hub/processing/record/record.ts';
import { recordOf } from '@tributary/hub/processing/steps/testing.ts';
import { systemClock } from '@tributary/shared/clock.ts';
import { freePort } from '../harness/free-port.ts';
import { Program } from '../harness/program.ts';
import { requireTool } from '../harness/require.ts';
import { Scratch } from '../harness/scratch.ts';
import { until } from '../harness/until.ts';

const noHaproxy = await requireTool('haproxy');

function presetPipeline(): CompiledPipeline {
  const source = presetSource('haproxy');
  assert.ok(source !== undefined);
  const noFile = (): never => {
    throw new Error('presets have no files');
  };
  return compilePipeline(source, {
    env: {},
    clock: systemClock,
    expressions: compileExpressions,
    watchFile: noFile,
    readFile: noFile,
    tell: () => undefined,
    scriptTimeLimitMs: 1000,
  });
}

function documentOf(pipeline: CompiledPipeline, line: string): PipelineRecord | undefined {
  const out: PipelineRecord[] = [];
  const counts = newStepCounts(pipeline);
  runSteps(pipeline, recordOf(line, { receivedMs: Date.now() }), { counts, enter: () => undefined, count: () => undefined }, out);
  return out[0];
}

const common = (logPort: number): string => `global
  log 127.0.0.1:${logPort} local0
defaults
  log global
  mode http
  option httplog
  timeout client 5s
  timeout server 5s
  timeout connect 5s
  retries 0
`;

test('chained frontends tell level, gateway, service and instance', { skip: noHaproxy }, async () => {
  await using scratch = await Scratch.make();
  const lines: string[] = [];
  const log = createSocket('udp4', (message) => void lines.push(message.toString('utf8')));
  log.bind(0, '127.0.0.1');
  await once(log, 'listening');
  const shop = createServer((_, response) => response.end('hello\n')).listen(0, '127.0.0.1');
  await once(shop, 'listening');
  const served = shop.address();
  assert.ok(served !== null && typeof served === 'object');
  const [edgePort, tcpPort, plainPort, innerPort, deadPort] = await Promise.all(Array.from({ length: 5 }, freePort));

  const edge = `${common(log.address().port)}
frontend fe_edge_gw-1_web
  bind 127.0.0.1:${edgePort}
  use_backend be_edge_gw-1_cart if { path_beg /cart }
  default_backend be_edge_gw-1_shop
backend be_edge_gw-1_shop
  server inner-a 127.0.0.1:${innerPort}
backend be_edge_gw-1_cart
  server cart-1 127.0.0.1:${deadPort}
listen edge_gw-1_raw
  bind 127.0.0.1:${tcpPort}
  mode tcp
  option tcplog
  server inner-a 127.0.0.1:${innerPort}
frontend plain
  bind 127.0.0.1:${plainPort}
`;
  const inner = `${common(log.address().port)}
frontend inner_gw-2_shop
  bind 127.0.0.1:${innerPort}
  capture request header X-Request-ID len 40
  default_backend inner_gw-2_shop
backend inner_gw-2_shop
  server shop-1 127.0.0.1:${served.port}
  server shop-2 127.0.0.1:${deadPort} check inter 100ms fall 1 backup
`;
  await writeFile(scratch.file('inner.cfg'), inner);
  await writeFile(scratch.file('edge.cfg'), edge);
  const start = (name: string): Program =>
    new Program({ name, command: ['haproxy'], args: ['-db', '-f', scratch.file(`${name}.cfg`)], env: { TZ: 'UTC' } });
  await using second = start('inner');
  await using first = start('edge');
  const statusOf = async (port: number | undefined, path: string): Promise<number> => {
    try {
      const answer = await fetch(`http://127.0.0.1:${port}${path}`, { headers: { 'x-request-id': path, connection: 'close' } });
      await answer.text();
      return answer.status;
    } catch {
      return 0;
    }
  };
  const detail = (): string => `${first.tail()}\n${second.tail()}\n${lines.join('\n')}`;
  await until('the chain answers', async () => (await statusOf(edgePort, '/ready')) === 200, { detail });
  assert.equal(await statusOf(edgePort, '/chained?x=1'), 200);
  assert.equal(await statusOf(edgePort, '/cart'), 503);
  assert.equal(await statusOf(tcpPort, '/raw'), 200);
  assert.equal(await statusOf(plainPort, '/plain'), 503);

  const pipeline = presetPipeline();
  const find = async (what: RegExp): Promise<PipelineRecord> => {
    const line = await until(`a line ${what.source} came`, () => lines.find((one) => what.test(one)), { detail });
    const document = documentOf(pipeline, line);
    assert.ok(document !== undefined && document.destination === undefined, line);
    assert.ok(document.eventMs !== undefined && Math.abs(document.eventMs - Date.now()) < 60_000, line);
    return document;
  };
  assert.partialDeepStrictEqual((await find(/be_edge_gw-1_shop.*"GET \/chained/)).fields, {
    haproxy: { level: 'edge', gateway: 'gw-1', frontend_name: 'fe_edge_gw-1_web', backend_name: 'be_edge_gw-1_shop' },
    service: { name: 'shop', node: { name: 'inner-a' } },
    source: { ip: '127.0.0.1' },
    url: { path: '/chained', query: 'x=1' },
    http: { request: { method: 'GET' }, response: { status_code: 200 } },
    event: { category: ['web'], type: ['access'], outcome: 'success' },
    log: { level: 'informational' },
  });
  assert.partialDeepStrictEqual((await find(/ inner_gw-2_shop .*"GET \/chained/)).fields, {
    haproxy: { level: 'inner', gateway: 'gw-2', http: { request: { captured_headers: ['/chained?x=1'] } } },
    service: { name: 'shop', node: { name: 'shop-1' } },
    http: { response: { status_code: 200 } },
  });
  assert.partialDeepStrictEqual((await find(/"GET \/cart/)).fields, {
    haproxy: { level: 'edge', gateway: 'gw-1', termination_state: 'SC--' },
    service: { name: 'cart', node: { name: 'cart-1' } },
    event: { outcome: 'failure' },
  });
  assert.partialDeepStrictEqual((await find(/edge_gw-1_raw\/inner-a/)).fields, {
    haproxy: { level: 'edge', gateway: 'gw-1' },
    service: { name: 'raw', node: { name: 'inner-a' } },
    event: { category: ['network'], type: ['connection'] },
  });
  const plain = await find(/"GET \/plain/);
  assert.equal(plain.get(['service']), undefined);
  assert.deepEqual([plain.get(['haproxy', 'frontend_name']), plain.get(['haproxy', 'level'])], ['plain', undefined]);
  assert.partialDeepStrictEqual((await find(/Server inner_gw-2_shop\/shop-2 is DOWN/)).fields, {
    haproxy: { level: 'inner', gateway: 'gw-2', server_state: 'DOWN' },
    service: { name: 'shop', node: { name: 'shop-2' } },
    log: { level: 'alert' },
  });
  for (const line of lines) assert.equal(documentOf(pipeline, line)?.destination, undefined, line);
  shop.close();
  log.close();
});
