import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import type { CommandHost } from './exit.ts';
import { testCommand, type TestOptions } from './test-pipelines.ts';
import { tryCommand, type TryOptions } from './try.ts';

const folder = mkdtempSync(join(tmpdir(), 'tributary-pipelines-'));
after(() => rmSync(folder, { recursive: true }));

const place = { configFile: join(folder, 'none.yaml'), configGiven: false };

write(
  'app.yaml',
  `steps:
  - json: {}
  - script: { file: clean.ts }
  - name: slow
    when: fields.took > 100.0
    set: { fields: { event.kind: alert } }
`,
);
write('clean.ts', 'export default function (record) {\n  if (record.fields.bad) throw new Error("bad");\n  return record;\n}\n');
write('web.yaml', 'steps:\n  - preset: nginx\n');

function write(name: string, text: string): string {
  const file = join(folder, name);
  writeFileSync(file, text);
  return file;
}

async function ran(command: (host: CommandHost) => Promise<number>): Promise<{ code: number; out: string; err: string }> {
  let out = '';
  let err = '';
  const host: CommandHost = {
    env: {},
    stop: new AbortController().signal,
    out: async (text) => void (out += String(text)),
    err: (text) => void (err += text),
  };
  const code = await command(host);
  return { code, out, err };
}

async function tested(options: Partial<TestOptions> = {}): ReturnType<typeof ran> {
  const all: TestOptions = { ...place, folder, json: false, update: false, ...options };
  return await ran((host) => testCommand(all, host));
}

async function tried(options: Partial<TryOptions>): ReturnType<typeof ran> {
  const flags = { json: false, last: false, profile: false, show: false, types: false };
  return await ran((host) =>
    tryCommand({ ...place, ...flags, pipeline: 'app', file: undefined, pipelinesDir: folder, ...options }, host),
  );
}

test('cases pass, fail with their place, count what they run, and are written anew', async () => {
  const cases = write(
    'app.test.yaml',
    `cases:
  - name: good
    line: '{"took":5}'
    document: { took: 5 }
  - name: bad
    line: '{"bad":true}'
    document: { bad: false }
`,
  );
  const junit = join(folder, 'junit.xml');
  const failed = await tested({ junit });
  assert.equal(
    failed.out.replace(/\d+ %/, 'NN %'),
    `app: 1 of 2 cases pass, 2 of 3 steps run
  FAILED: bad
    ${cases}:5:5: cases[1]: its step script failed (script): clean.ts:2:32: bad
    ${cases}:7:17: cases[1].document.bad: expected false, got true
  never run: 3 slow
web: no cases
1 passed, 1 failed; NN % of the steps run
`,
  );
  assert.equal(failed.code, 1);
  assert.match(
    readFileSync(junit, 'utf8'),
    /<testsuite name="app" tests="2" failures="1"[^]*<failure message="its step script failed/,
  );
  assert.equal((await tested({ update: true })).code, 0);
  assert.match(readFileSync(cases, 'utf8'), /line: '\{"bad":true\}'\n {4}error: script\n {4}document:\n {6}bad: true\n$/);
  assert.equal((await tested()).code, 0);
  const covered = await tested({ coverage: '90' });
  assert.deepEqual([covered.code, /the cases run \d+ % of the steps, less than 90 %/.test(covered.err)], [1, true]);
});

test('what is wrong with pipelines and cases is told with its place, and is no failure of a case', async () => {
  const bad = write('bad.yaml', 'steps:\n  - script: { code: "export default 5" }\n');
  const cases = write('none.test.yaml', 'cases:\n  - { line: a }\n');
  const { code, err } = await tested({ json: true });
  rmSync(bad);
  rmSync(cases);
  assert.equal(code, 2);
  assert.match(err, /bad\.yaml:2:15: steps\[0\]\.script\.code: code: its default export is no function\n/);
  assert.match(err, /none\.test\.yaml: there is neither a pipeline none\.yaml beside it nor a preset of this name\n/);
});

test('lines are tried, and shown without what a terminal would obey', async () => {
  const file = write('lines', '{"took":500,"a":"\\u001b[2J\u009b"}\n{"bad":1}\nno\u001bJSON\n');
  const { out } = await tried({ file });
  assert.ok(!/(?!\n)\p{Cc}/u.test(out), out);
  assert.match(out, /^line 1 \{.*\n {2}1 json\n {6}\+ took: 500\n[^]* {2}3 slow \(set\)\n {6}\+ event\.kind: "alert"\n= \{/);
  assert.match(
    out,
    /2 script: failed \(script\): clean\.ts:2:32: bad; it goes to the log type errors\n= goes to log type errors\n/,
  );
  const json = await tried({ file, json: true, last: true, limit: '1' });
  assert.deepEqual(JSON.parse(json.out).documents, [
    { ordinal: 0, fields: { took: 500, a: '\u001b[2J\u009b', event: { kind: 'alert' } } },
  ]);
  const profile = await tried({ file, json: true, profile: true });
  assert.deepEqual(
    JSON.parse(profile.out).steps.map((step: { name: string; in: number; failed: number }) => [step.name, step.in, step.failed]),
    [
      ['json', 3, 1],
      ['script', 2, 1],
      ['slow', 1, 0],
    ],
  );
});

test('a pipeline is shown with its presets, and one that is not there is told with what there is', async () => {
  const { out } = await tried({ pipeline: 'web', show: true });
  assert.match(out, /^# .*web\.yaml\nsteps:\n {2}- preset: nginx\n\n# preset:nginx\n/);
  await assert.rejects(tried({ pipeline: 'nosuch' }), {
    code: 'CONFIG',
    message: /neither .*nosuch\.yaml nor a preset; presets are .*nginx/,
  });
});
