/** What a hub tells Prometheus: checked by Prometheus' own tool, scraped by a real one over TLS, and asked for by our rules and dashboards. */
import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { request } from 'node:https';
import { join } from 'node:path';
import { suite, test } from 'node:test';
import { agentsBoard, hubBoard } from '@tributary/hub/outputs/elasticsearch/dashboards/grafana/prometheus-boards.ts';
import { HubHost } from '../harness/hub-host.ts';
import { at, listAt, textAt } from '../harness/json.ts';
import { testPrograms } from '../harness/programs.ts';
import { promtool, PrometheusServer } from '../harness/prometheus/prometheus-server.ts';
import { requireTool } from '../harness/require.ts';
import { Scratch } from '../harness/scratch.ts';
import { until } from '../harness/until.ts';

const skip = await requireTool('promtool');
const rulesFolder = join(import.meta.dirname, '../../packaging/prometheus');
const rulesFile = join(rulesFolder, 'tributary-alerts.yaml');
const linesMade = 500;

interface Page {
  readonly status: number;
  readonly text: string;
}

interface Asked {
  readonly port: number;
  readonly ca: string;
  readonly token: string;
  readonly path: string;
}

function ask({ port, ca, token, path }: Asked, lines = ''): Promise<Page> {
  return new Promise((resolve, reject) => {
    const headers = { authorization: `Bearer ${token}`, 'content-type': 'text/plain' };
    const method = lines === '' ? 'GET' : 'POST';
    const asked = request({ host: '127.0.0.1', port, path, ca, method, headers, agent: false }, (answer) => {
      let text = '';
      answer.setEncoding('utf8');
      answer.on('data', (part: string) => (text += part));
      answer.on('end', () => resolve({ status: answer.statusCode ?? 0, text }));
    });
    asked.on('error', reject);
    asked.end(lines);
  });
}

suite('Prometheus', { skip }, () => {
  test('each alert fires when it should, and does not when not', async () => {
    const checked = await promtool(['check', 'rules', rulesFile]);
    assert.equal(checked.code, 0, checked.text);
    const tested = await promtool(['test', 'rules', join(rulesFolder, 'tributary-alerts.test.yaml')]);
    assert.equal(tested.code, 0, tested.text);
  });

  test('a hub is scraped by a real Prometheus, which finds nothing to complain of', { timeout: 600_000 }, async () => {
    await using scratch = await Scratch.make();
    const config = { listeners: { http: { address: '127.0.0.1:0' } } };
    await using hub = new HubHost({ programs: testPrograms, scratch, config, tls: true });
    await hub.start();
    const port = await hub.portOf('http');
    const caFile = `${hub.dataDir}/pki/ca.crt`;
    const ca = await readFile(caFile, 'utf8');
    const common = { port, ca, path: '/metrics' };
    const [token, writer] = [
      await hub.createToken('--scope', 'read', '--tenant', '*'),
      await hub.createToken('--scope', 'write'),
    ];
    const lines = Array.from({ length: linesMade }, (_, index) => `line ${index}\n`).join('');
    assert.equal((await ask({ port, ca, token: writer, path: '/api/v1/logs?type=app' }, lines)).status, 200);
    const received = `tributary_channel_received_records_total{tenant="default",type="app"} ${linesMade}`;
    const { text } = await until(
      'all is received',
      async () => {
        const page = await ask({ ...common, token });
        return page.text.includes(received) && page.text.includes('tributary_archive_objects{') ? page : undefined;
      },
      { deadlineMs: 120_000, everyMs: 200, detail: () => hub.program.tail() },
    );
    const checked = await promtool(['check', 'metrics'], text);
    assert.deepEqual(checked, { code: 0, text: '' });
    assert.match(text, /^tributary_hub_process_open_fds [1-9]/m);

    const stranger = await ask({ ...common, token: await hub.createToken('--scope', 'read', '--tenant', 'bank') });
    assert.deepEqual(stranger, { status: 200, text: '' });
    const own = await ask({ ...common, token: await hub.createToken('--scope', 'read', '--tenant', 'default') });
    assert.ok(own.text.includes(received));
    assert.ok(!/tributary_hub_process|tributary_findings|tributary_queue_bytes/.test(own.text));

    await using prometheus = await PrometheusServer.start({
      scratch,
      target: `127.0.0.1:${port}`,
      token,
      caFile,
      ruleFiles: [rulesFile],
    });
    const valueOf = async (query: string): Promise<unknown> =>
      at(await prometheus.ask('query', { query }), 'result', 0, 'value', 1);
    const detail = (): string => prometheus.output;
    await until('it was scraped', async () => (await valueOf('up')) === '1', { deadlineMs: 120_000, everyMs: 200, detail });
    const asked = 'max by (site, tenant, type) (tributary_channel_received_records_total{type="app"})';
    assert.equal(await valueOf(asked), String(linesMade));
    assert.equal(await valueOf('sum(tributary_unaccounted_records)'), '0');
    for (const board of [hubBoard([]), agentsBoard]) {
      for (const { panel } of board.panels) {
        for (const { expr } of panel.targets) {
          const query = String(expr).replaceAll('$__rate_interval', '1m').replaceAll('$__range', '1h');
          assert.equal(at(await prometheus.ask('query', { query }), 'resultType'), 'vector', query);
        }
      }
    }
    const isLookedAt = async (): Promise<boolean> => {
      const rules = listAt(await prometheus.ask('rules'), 'groups').flatMap((group) => listAt(group, 'rules'));
      return rules.length > 10 && rules.every((rule) => textAt(rule, 'health') === 'ok');
    };
    await until('every rule was looked at', isLookedAt, { deadlineMs: 120_000, everyMs: 200, detail });
  });
});
