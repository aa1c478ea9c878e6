import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { checkCommand } from './check.ts';

const scratch = mkdtempSync(join(tmpdir(), 'tributary-check-'));
after(() => rmSync(scratch, { recursive: true }));

test('check makes the pipelines, and tells every mistake with its place', async () => {
  const configFile = join(scratch, 'hub.yaml');
  const folder = join(scratch, 'pipelines');
  const checked = async (): Promise<{ code: number; text: string }> => {
    let text = '';
    const out = async (bytes: string | Uint8Array): Promise<void> => void (text += String(bytes));
    const host = { env: {}, stop: new AbortController().signal, err: () => undefined, out };
    const code = await checkCommand({ configFile, configGiven: true, json: false }, host);
    return { code, text };
  };
  const rules = (name: string): string => `pipelines:\n  - { type: web, pipeline: ${name} }\n`;
  const config = `data_dir: ${join(scratch, 'data')}\npipelines_dir: ${folder}\n`;
  writeFileSync(configFile, config);
  const none = await checked();
  assert.deepEqual([none.code, /pipeline/.test(none.text)], [0, false], none.text);
  mkdirSync(folder);
  writeFileSync(`${folder}/app.yaml`, 'steps:\n  - json:\n');
  writeFileSync(configFile, `${config}${rules('nginx')}`);
  const good = await checked();
  assert.equal(good.code, 0, good.text);
  assert.match(good.text, /^.*: the configuration is good\n[^]*\npipelines that are good: app, nginx\n/);
  writeFileSync(`${folder}/bad.yaml`, 'steps:\n  - jsn:\n');
  writeFileSync(`${folder}/lost.yaml`, 'steps:\n  - route: { outputs: [archiv] }\n');
  writeFileSync(configFile, `${config}${rules('nginxx')}`);
  const bad = await checked();
  assert.equal(bad.code, 2, bad.text);
  assert.match(bad.text, /: the configuration is good, the pipelines are not\n/);
  assert.match(bad.text, /\npipelines that are good: app\n/);
  assert.match(bad.text, /\nerror: .*hub\.yaml:4:\d+: pipelines\[0\]\.pipeline: names nginxx, which is neither a file/);
  assert.match(bad.text, /\nerror: .*bad\.yaml:2:5: steps\[0\]\.jsn/);
  assert.match(
    bad.text,
    /\nerror: .*lost\.yaml:2:\d+: steps\[0\]\.route\.outputs\[0\]: archiv is no output .*; did you mean archive\?/,
  );
});
