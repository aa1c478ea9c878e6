import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { parse } from 'yaml';
import { FilePatterns } from '../inputs/file/file-patterns.ts';
import { agentOptions } from '../options.ts';
import { keepsOnlyAJournal } from './linux.ts';
import { plannedConfiguration, writeConfiguration } from './enrolled-configuration.ts';

const hubs = ['wss://hub-1.example.com:7701', 'wss://hub-2.example.com:7701'];
const flow = JSON.stringify(hubs).replace(',', ', ');

function planned(before: string | undefined, onlyJournal = false): { text: string; changes: readonly string[] } {
  const folder = mkdtempSync(join(tmpdir(), 'tributary-configuration-'));
  try {
    const file = join(folder, 'agent.yaml');
    if (before !== undefined) writeFileSync(file, before);
    return plannedConfiguration(file, { hubs, dataDir: undefined, proxy: undefined, onlyJournal });
  } finally {
    rmSync(folder, { recursive: true });
  }
}

test('a new configuration is one that the agent takes', () => {
  const { text } = planned(undefined);
  const config = agentOptions.parse(parse(text));
  assert.deepEqual([config.hubs, config.inputs.map(({ kind }) => kind)], [hubs, ['file', 'metrics']]);
});

test('where the journal is the only log, that is read', () => {
  const { inputs } = agentOptions.parse(parse(planned(undefined, true).text));
  assert.deepEqual(
    inputs.map(({ kind }) => kind),
    ['journald', 'metrics'],
  );
  const root = mkdtempSync(join(tmpdir(), 'tributary-root-'));
  try {
    assert.equal(keepsOnlyAJournal(root), false, 'nothing at all');
    mkdirSync(join(root, 'run/log/journal'), { recursive: true });
    assert.equal(keepsOnlyAJournal(root), true);
    mkdirSync(join(root, 'var/log'), { recursive: true });
    writeFileSync(join(root, 'var/log/messages'), '');
    assert.equal(keepsOnlyAJournal(root), false);
  } finally {
    rmSync(root, { recursive: true });
  }
});

test('a new configuration names no file that would be missed where it is not', () => {
  const { inputs } = agentOptions.parse(parse(planned(undefined).text));
  const [{ paths } = { paths: [] }] = inputs.filter((input) => input.kind === 'file');
  const patterns = new FilePatterns({ paths, exclude: [] });
  assert.deepEqual(patterns.literals, []);
  const names = ['syslog', 'messages', 'kern.log', 'auth.log', 'secure', 'cron', 'cron.log', 'daemon.log'];
  assert.deepEqual(
    names.filter((name) => !patterns.matches(`/var/log/${name}`)),
    [],
  );
  assert.equal(patterns.matches('/var/log/wtmp'), false);
});

test('of another only the value of hubs is touched, however it is written', () => {
  const cases: [string, string][] = [
    ['# a\nhubs: [ws://127.0.0.1:1] # b\nlabels: {a: b}\n', `# a\nhubs: ${flow} # b\nlabels: {a: b}\n`],
    [
      'hubs:\n  - ws://127.0.0.1:1\n  - ws://127.0.0.1:2\n\n# c\nlog: {level: warn}\n',
      `hubs:\n  ${flow}\n\n# c\nlog: {level: warn}\n`,
    ],
    ['hubs:\n- ws://127.0.0.1:1\ntenant: x\n', `hubs:\n  ${flow}\ntenant: x\n`],
    ['tenant: x', `tenant: x\nhubs:\n  - "${hubs[0]}"\n  - "${hubs[1]}"\n`],
    ['', `hubs:\n  - "${hubs[0]}"\n  - "${hubs[1]}"\n`],
  ];
  for (const [before, after] of cases) {
    const { text } = planned(before);
    assert.equal(text, after);
    assert.deepEqual(parse(text), { ...parse(before), hubs }, before);
  }
  assert.deepEqual(parse(planned('{tenant: x}').text), { tenant: 'x', hubs });
  assert.deepEqual(parse(planned('hubs:\ntenant: x\n').text), { tenant: 'x', hubs });
});

test('what has these hubs already is left alone, in whatever order', () => {
  const text = `hubs: [${hubs.toReversed().join(', ')}]\n`;
  assert.deepEqual(planned(text), { text, changes: [], isNew: false });
});

test('what is no YAML is told and left alone', () => {
  assert.throws(() => planned('hubs: [\n'), /agent\.yaml: /);
});

test('a file keeps its rights, and the link that leads to it', (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'tributary-configuration-'));
  t.after(() => rmSync(folder, { recursive: true }));
  const [file, link] = [join(folder, 'real.yaml'), join(folder, 'agent.yaml')];
  writeFileSync(file, 'hubs: []\n', { mode: 0o640 });
  symlinkSync(file, link);
  writeConfiguration(link, plannedConfiguration(link, { hubs, dataDir: undefined, proxy: undefined, onlyJournal: false }));
  assert.equal(readFileSync(file, 'utf8'), `hubs: ${flow}\n`);
  assert.equal(statSync(file).mode & 0o777, 0o640);
});
