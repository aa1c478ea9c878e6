import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { loadConfig } from './load-config.ts';

const folder = mkdtempSync(join(tmpdir(), 'tributary-config-'));
after(() => rmSync(folder, { recursive: true }));

function load(name: string, configGiven: boolean): { dataDir: string; told: string } {
  let told = '';
  const host = { env: {}, err: (text: string) => void (told += text) };
  const { data_dir: dataDir } = loadConfig({ configFile: join(folder, name), configGiven }, host);
  return { dataDir, told };
}

test('without a file the defaults of a fresh install are used, and it is said', () => {
  const { dataDir, told } = load('none.yaml', false);
  assert.equal(dataDir, '/var/lib/tributary/hub');
  assert.equal(told, `there is no ${join(folder, 'none.yaml')}: the defaults are used\n`);
  assert.deepEqual(load('no folder/none.yaml', false).dataDir, dataDir);
});

test('a file that was named has to be there', () => {
  assert.throws(() => load('none.yaml', true), { code: 'CONFIG', message: /none\.yaml.*cannot be read/ });
});

test('a file that is there by default is read, and one that cannot be read is an error', () => {
  writeFileSync(join(folder, 'hub.yaml'), 'data_dir: /elsewhere\n');
  assert.deepEqual(load('hub.yaml', false), { dataDir: '/elsewhere', told: '' });
  symlinkSync(join(folder, 'gone'), join(folder, 'link.yaml'));
  assert.throws(() => load('link.yaml', false), { code: 'CONFIG' });
  writeFileSync(join(folder, 'empty.yaml'), '');
  assert.throws(() => load('empty.yaml', false), { code: 'CONFIG', message: /empty/ });
});
