import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { mkdirSync, writeFileSync } from 'node:fs';
import { suite, test } from 'node:test';
import { sharedElasticsearch } from '../../test/harness/elasticsearch/shared-elasticsearch.ts';
import { at, listAt, parseJson } from '../../test/harness/json.ts';
import { requireTool } from '../../test/harness/require.ts';
import { Scratch } from '../../test/harness/scratch.ts';
import { type EsSetupRequest, esSetupCommand } from './es-setup.ts';
import type { CommandHost } from './exit.ts';

const skip = await requireTool('elasticsearch');

interface Said {
  readonly code: number;
  readonly out: string;
  readonly err: string;
}

class Site implements AsyncDisposable {
  readonly tenant = `es_setup_${randomBytes(4).toString('hex')}`;
  readonly #scratch: Scratch;

  private constructor(scratch: Scratch) {
    this.#scratch = scratch;
  }

  static async make(): Promise<Site> {
    return new Site(await Scratch.make());
  }

  /** One Elasticsearch, and one that nobody answers at. */
  write(url: string): void {
    const output = `{ kind: elasticsearch, urls: ['${url}'], tenants: [${this.tenant}] }`;
    const away = `{ kind: elasticsearch, name: away, urls: ['http://127.0.0.1:1'], tenants: [${this.tenant}] }`;
    const pipelines = this.#scratch.file('pipelines');
    mkdirSync(pipelines, { recursive: true });
    writeFileSync(`${pipelines}/app.yaml`, 'fields: { app.took_ms: long }\nsteps: [ { drop: { }, when: "false" } ]\n');
    writeFileSync(
      this.#scratch.file('hub.yaml'),
      `data_dir: ${this.#scratch.file('data')}\npipelines_dir: ${pipelines}\noutputs:\n  - ${output}\n  - ${away}\n`,
    );
  }

  async run(flags: Partial<EsSetupRequest>): Promise<Said> {
    let [out, err] = ['', ''];
    const host: CommandHost = {
      env: {},
      stop: new AbortController().signal,
      out: async (bytes) => void (out += String(bytes)),
      err: (text) => void (err += text),
    };
    const request = {
      configFile: this.#scratch.file('hub.yaml'),
      configGiven: true,
      diff: false,
      force: false,
      json: false,
      ...flags,
    };
    return { code: await esSetupCommand(request, host), out, err };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#scratch[Symbol.asyncDispose]();
  }
}

suite('es setup', { skip }, () => {
  test('--diff shows what would be made, a run makes it, and the next one finds it', async () => {
    const server = await sharedElasticsearch();
    await using site = await Site.make();
    site.write(server.url);
    const name = `tributary-logs-type-app-tenant-${site.tenant}`;
    const planned = await site.run({ diff: true, output: 'elasticsearch' });
    assert.equal(planned.code, 0);
    assert.ok(
      planned.out.includes(`+++ b/_index_template/${name}\n@@ index template ${name}: missing, would be created @@\n`),
      planned.out,
    );
    assert.ok(planned.out.includes('+template.mappings.properties.app.properties.took_ms.type: "long"\n'));
    assert.match(planned.err, /no lifecycle calls/);
    assert.equal((await server.request('GET', `/_index_template/${name}`)).status, 404);

    const made = await site.run({ output: 'elasticsearch' });
    assert.match(made.out, /^elasticsearch: Elasticsearch 9\.[\d.]+\nOBJECT +NAME +STATE +DONE\n/);
    assert.match(made.out, new RegExp(`index template +${name} +missing +created\n`));
    assert.equal((await server.request('GET', `/_index_template/${name}`)).status, 200);
    assert.equal((await site.run({ diff: true, output: 'elasticsearch' })).out, 'elasticsearch: nothing would change\n');
  });

  test('of two clusters one that does not answer fails the command, and holds up the other one not', async () => {
    await using site = await Site.make();
    site.write((await sharedElasticsearch()).url);
    const { code, out } = await site.run({ json: true });
    assert.equal(code, 1);
    const outputs = listAt(parseJson(out), 'outputs');
    assert.deepEqual(
      new Set(listAt(outputs[0], 'items').map((item) => at(item, 'state') === 'missing' || at(item, 'state') === 'unchanged')),
      new Set([true]),
    );
    assert.match(String(at(outputs[1], 'error')), /no answer from http:\/\/127\.0\.0\.1:1: .*ECONNREFUSED/);
    await assert.rejects(site.run({ output: 'other' }), {
      code: 'USAGE',
      message: /no output other of the kind elasticsearch: there is elasticsearch, away/,
    });
  });
});
