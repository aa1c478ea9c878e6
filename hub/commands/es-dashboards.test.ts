/** Against a fake of Kibana's API (FakeKibana): no real Kibana can be had. */
import assert from 'node:assert/strict';
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { FakeKibana } from '../outputs/elasticsearch/dashboards/testing/fake-kibana.ts';
import { type EsDashboardsRequest, esDashboardsCommand } from './es-dashboards.ts';
import { type CommandHost, UsageError } from './exit.ts';

interface Said {
  readonly code: number;
  readonly out: string;
  readonly err: string;
}

class Site implements Disposable {
  readonly folder = mkdtempSync(join(tmpdir(), 'tributary-dashboards-'));

  constructor(...outputs: readonly string[]) {
    writeFileSync(
      join(this.folder, 'hub.yaml'),
      `data_dir: ${this.folder}/data\noutputs:\n${outputs.map((one) => `  - ${one}\n`).join('')}`,
    );
  }

  async run(flags: Partial<EsDashboardsRequest>): Promise<Said> {
    let [out, err] = ['', ''];
    const host: CommandHost = {
      env: {},
      stop: new AbortController().signal,
      out: async (bytes) => void (out += String(bytes)),
      err: (text) => void (err += text),
    };
    const request = {
      configFile: join(this.folder, 'hub.yaml'),
      configGiven: true,
      send: false,
      force: false,
      json: false,
      ...flags,
    };
    return { code: await esDashboardsCommand(request, host), out, err };
  }

  [Symbol.dispose](): void {
    rmSync(this.folder, { recursive: true, force: true });
  }
}

// Nobody answers at port 1 of Elasticsearch, nor at Kibana's of this address.
const elasticsearch = "kind: elasticsearch, urls: ['http://127.0.0.9:1'], types: [app]";

test('without a Kibana the dashboards are files', async () => {
  using site = new Site(`{ ${elasticsearch} }`);
  const [file, grafana] = [join(site.folder, 'x.ndjson'), join(site.folder, 'grafana')];
  const written = await site.run({ file, grafana });
  assert.deepEqual([written.code, written.out], [0, '']);
  assert.match(written.err, /x\.ndjson is written: import it in Kibana/);
  const printed = await site.run({ file: '-' });
  assert.equal(printed.out, readFileSync(file, 'utf8'));
  assert.ok(printed.out.includes('"id":"tributary-type-app"'));
  assert.ok(readdirSync(grafana).includes('tributary-type-app.json') && readdirSync(grafana).includes('tributary-hub.json'));
  const sent = await site.run({ send: true });
  assert.equal(sent.code, 1);
  assert.match(sent.err, /no Kibana was found beside http:\/\/127\.0\.0\.9:1: say where it is with kibana/);
});

test('they are sent to the Kibana of the configuration, with the credentials that Elasticsearch has', async () => {
  await using fake = await FakeKibana.start();
  using site = new Site(`{ ${elasticsearch}, username: hub, password: secret, kibana: { url: '${fake.url}/', space: ops } }`);
  const first = await site.run({});
  assert.deepEqual([first.code, first.err], [0, '']);
  assert.match(first.out, /^elasticsearch: http:\/\/127\.0\.0\.1:\d+\/: \d+ created\n$/);
  assert.ok(fake.requests.every((request) => request.startsWith('POST /s/ops/api/saved_objects/')));
  assert.deepEqual([...fake.authorizations], [`Basic ${btoa('hub:secret')}`]);
  fake.change('dashboard:tributary-haproxy@ops', { description: 'mine' });
  const { out } = await site.run({ json: true });
  const told = JSON.parse(out).outputs[0];
  assert.equal(told.kibana.objects.find(({ id }: { id: string }) => id === 'tributary-haproxy@ops').outcome, 'changed');
  fake.refuses = { status: 403, body: '{}' };
  const refused = await site.run({});
  assert.equal(refused.code, 1);
  assert.match(refused.err, /Kibana does not allow/);
});

test('files of several outputs are written one by one', async () => {
  using site = new Site(`{ ${elasticsearch} }`, `{ ${elasticsearch}, name: external }`);
  await assert.rejects(
    site.run({ file: '-' }),
    (error) => error instanceof UsageError && /--output elasticsearch or external/.test(error.message),
  );
  const { out } = await site.run({ file: '-', output: 'external' });
  assert.ok(out.includes('"id":"tributary.external-haproxy"') && !out.includes('"id":"tributary-haproxy"'));
});
