import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, test } from 'node:test';
import { systemClock } from '@tributary/shared/clock.ts';
import { createLogger, type LogEntry } from '@tributary/shared/log.ts';
import { RecordingFindings } from '../../testing/recording-health.ts';
import { pipelineCheckWorker } from '../../workers.ts';
import { compileHost } from '../compile-host.ts';
import { BesideFiles } from '../definition/beside-files.ts';
import type { PipelineSource } from '../definition/pipeline-set.ts';
import type { Generation } from '../generation.ts';
import { checkPipeline } from './check-pipeline.ts';
import { pipelineChecker } from './pipeline-checker.ts';
import { PipelineLoader } from './pipeline-loader.ts';
import type { PipelinePlace } from './read-sources.ts';

let folder = '';
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'tributary-pipelines-'));
});
afterEach(() => rmSync(folder, { recursive: true }));

/** In this very thread. */
function check(source: PipelineSource, outputs?: readonly string[]): ReturnType<typeof checkPipeline> {
  const beside = new BesideFiles([source]);
  const watchFile = (): never => assert.fail('no step here watches a file');
  return checkPipeline(source, compileHost({ beside, watchFile, tell: () => undefined, clock: systemClock, outputs }), beside);
}

class Fixture {
  readonly findings = new RecordingFindings();
  readonly generations: Generation[] = [];
  readonly checked: string[] = [];
  readonly audited: string[][] = [];
  readonly logged: LogEntry[] = [];
  readonly loader: PipelineLoader;
  /** It takes long to make a pipeline. */
  isSlow = false;

  constructor(rules: PipelinePlace['rules'] = [], outputs?: readonly string[]) {
    this.loader = new PipelineLoader({
      place: { folder, rules, ...(outputs !== undefined && { outputs }) },
      check: async (sources, known) => {
        this.checked.push(...sources.map(({ name }) => name));
        return sources.map((source) => ({ ...check(source, known), isSlow: this.isSlow }));
      },
      onGeneration: (generation) => void this.generations.push(generation),
      audit: async (sources, refused) => void this.audited.push([...sources.map(({ name }) => name), ...refused]),
      findings: this.findings,
      logger: createLogger({ level: 'info', sink: (entry) => void this.logged.push(entry) }),
    });
  }

  textOf(name: string): string | undefined {
    return this.loader.generation.set.sources.find((source) => source.name === name)?.text;
  }

  told(): string[] {
    return this.findings.all().map(({ level, reason }) => `${level} ${reason}`);
  }
}

function write(name: string, text: string): void {
  writeFileSync(join(folder, name), text);
}

const good = 'steps:\n  - json:\n';
const other = 'steps:\n  - json:\n    name: body\n';
const bad = 'steps:\n  - jsn:\n';

test('what is good becomes the next generation, and only what changed is made', async () => {
  write('app.yaml', good);
  write('app.test.yaml', 'cases');
  const fixture = new Fixture([{ tenant: 'shop', type: 'web', pipeline: 'app' }]);
  const { loader, generations } = fixture;
  await loader.start();
  assert.deepEqual(
    ['shop/web', 'shop/app', 'shop/db'].map((channel) => loader.generation.pipelineOf(channel)),
    ['app', 'app', undefined],
  );
  assert.partialDeepStrictEqual(loader.generation.factsOf('app'), { steps: ['json'], keepsState: false });
  await loader.load();
  assert.equal(generations.length, 1, 'nothing is another');
  write('db.yaml', good);
  await loader.load();
  write('app.yaml', other);
  await loader.load();
  assert.deepEqual(fixture.checked, ['app', 'db', 'app']);
  assert.deepEqual(
    generations.map(({ number }) => number),
    [1, 2, 3],
  );
  assert.deepEqual(loader.generation.factsOf('app')?.steps, ['body']);
  rmSync(join(folder, 'db.yaml'));
  await loader.load();
  assert.equal(loader.generation.pipelineOf('shop/db'), undefined);
  assert.deepEqual(fixture.audited.at(-1), ['app']);
});

test('a bad version is refused with its place, and the one before goes on', async () => {
  write('app.yaml', good);
  write('db.yaml', good);
  const fixture = new Fixture();
  await fixture.loader.start();
  write('app.yaml', bad);
  write('db.yaml', other);
  await fixture.loader.load();
  assert.deepEqual([fixture.textOf('app'), fixture.textOf('db')], [good, other]);
  assert.equal(fixture.loader.generation.isHeld('shop/app'), false);
  const place = `${join(folder, 'app.yaml')}:2:5: steps[0].jsn`;
  assert.equal(fixture.told().length, 1);
  assert.ok((fixture.told()[0] ?? '').startsWith(`yellow pipeline app was refused: what ran before goes on: ${place}`));
  assert.ok(fixture.logged.some(({ fields }) => String(fields['problems']).startsWith(place)));
  await fixture.loader.load();
  assert.equal(fixture.audited.length, 2, 'it is told once');
  write('app.yaml', other);
  await fixture.loader.load();
  assert.deepEqual([fixture.textOf('app'), fixture.told()], [other, []]);
});

test('an output that there is not is refused where it is named, and again when the outputs are others', async () => {
  write('app.yaml', 'steps:\n  - route: { outputs: [archive, serch] }\n');
  write('db.yaml', good);
  const fixture = new Fixture([], ['archive', 'search']);
  const { loader } = fixture;
  await loader.start();
  const what = 'serch is no output of this hub that takes documents; did you mean search?';
  const told = fixture.told()[0] ?? '';
  assert.ok(told.endsWith(`${join(folder, 'app.yaml')}:2:33: steps[0].route.outputs[1]: ${what}`), told);
  write('app.yaml', 'steps:\n  - route: { outputs: [search] }\n');
  await loader.load();
  assert.deepEqual(fixture.told(), []);
  fixture.checked.length = 0;
  await loader.change({ folder, rules: [], outputs: ['archive'] });
  assert.deepEqual(fixture.checked, ['app', 'db']);
  assert.match(fixture.told()[0] ?? '', /^yellow .*what ran before goes on.*search is no output .*; there are archive$/);
  assert.equal(loader.generation.isHeld('shop/app'), false);
  // What a script names is looked at while it runs, by the threads of the new generation.
  assert.deepEqual(loader.generation.set.outputs, ['archive']);
});

test('a bad version that took long is not made again until something of it is another', async () => {
  write('app.yaml', 'steps:\n  - script: { file: a.ts }\n');
  write('a.ts', 'export default 1;\n');
  const fixture = new Fixture();
  fixture.isSlow = true;
  await fixture.loader.start();
  await fixture.loader.load();
  await fixture.loader.load();
  assert.deepEqual([fixture.checked, fixture.told().length], [['app'], 1]);
  assert.ok(fixture.loader.paths.includes(join(folder, 'a.ts')), 'it is looked at for changes');
  write('a.ts', 'export default (record) => record;\n');
  await fixture.loader.load();
  await fixture.loader.load();
  assert.deepEqual([fixture.checked, fixture.told()], [['app', 'app'], []]);
});

test('what never was good holds its channels, and those alone', async () => {
  write('app.yaml', bad);
  write('secret.yaml', `${bad}  - redact: { scope: raw }\n`);
  write('db.yaml', good);
  const fixture = new Fixture();
  await fixture.loader.start();
  const { generation } = fixture.loader;
  assert.deepEqual(
    ['shop/app', 'shop/secret', 'shop/db'].map((channel) => generation.isHeld(channel)),
    [true, true, false],
  );
  assert.deepEqual(
    ['shop/app', 'shop/secret', 'shop/db'].map((channel) => generation.redactionOf(channel)),
    [undefined, 'unknown', undefined],
  );
  assert.match(
    fixture.told()[0] ?? '',
    /^red pipeline app was refused: there is no good version of it, and what it is for waits/,
  );
  write('app.yaml', good);
  await fixture.loader.load();
  assert.equal(fixture.loader.generation.isHeld('shop/app'), false);
});

test('rules that name what is not there are refused, and a file that goes while a rule names it is missed', async () => {
  write('app.yaml', good);
  const fixture = new Fixture();
  const { loader } = fixture;
  await loader.start();
  await assert.rejects(loader.change({ folder, rules: [{ pipeline: 'nosuch' }] }), /pipelines\[0\]\.pipeline: names nosuch/);
  await loader.change({ folder, rules: [{ pipeline: 'app' }] });
  assert.equal(loader.generation.pipelineOf('shop/db'), 'app');
  rmSync(join(folder, 'app.yaml'));
  await loader.load();
  assert.deepEqual([loader.generation.isHeld('shop/db'), fixture.textOf('app')], [false, good]);
  assert.match(
    fixture.told()[0] ?? '',
    /^yellow pipeline app was refused: what ran before goes on: .*names app, which is neither/,
  );
});

test('a folder that cannot be read stops a start, and changes nothing later', async () => {
  const fixture = new Fixture();
  write('app.yaml', good);
  await fixture.loader.start();
  rmSync(folder, { recursive: true });
  writeFileSync(folder, 'no folder');
  await fixture.loader.load();
  assert.equal(fixture.textOf('app'), good);
  assert.match(fixture.told()[0] ?? '', /could not be read again, and what ran before goes on/);
  await assert.rejects(new Fixture().loader.start(), { name: 'ConfigError' });
});

test('a folder that goes while the hub runs leaves its pipelines', async () => {
  write('app.yaml', good);
  const fixture = new Fixture();
  await fixture.loader.start();
  renameSync(folder, `${folder}.away`);
  await fixture.loader.load();
  assert.equal(fixture.textOf('app'), good);
  assert.match(fixture.told()[0] ?? '', /^yellow the pipelines could not be read again.*is not there any more/);
  renameSync(`${folder}.away`, folder);
  write('app.yaml', other);
  await fixture.loader.load();
  assert.deepEqual([fixture.textOf('app'), fixture.told()], [other, []]);
  rmSync(join(folder, 'app.yaml'));
  await fixture.loader.load();
  assert.equal(fixture.textOf('app'), undefined, 'a file that is taken away is');
});

test('what no pipeline can be is told, and nothing waits for it; hidden files are none', async () => {
  write('app.yaml', good);
  write('My-App.yaml', good);
  write('.#app.yaml', good);
  execFileSync('mkfifo', [join(folder, 'pipe.yaml')]);
  const fixture = new Fixture();
  await fixture.loader.start();
  const [name = '', pipe = '', ...more] = fixture.told().toSorted().toReversed();
  assert.match(name, /^yellow pipeline My-App was refused: .*has a name that no pipeline can have/);
  assert.match(pipe, /^red pipeline pipe was refused: .*cannot be read \(no file\)/);
  assert.deepEqual(more, []);
});

test('the files of a pipeline that ended the thread that made it are looked at', async () => {
  write('app.yaml', 'steps:\n  - script: { file: a.ts }\n  - script:\n      file: "b c.ts" # one more\n');
  write('a.ts', 'for (;;) {}\nexport default (record) => record;\n');
  const source = { name: 'app', file: join(folder, 'app.yaml'), text: readFileSync(join(folder, 'app.yaml'), 'utf8') };
  const [made] = await pipelineChecker(pipelineCheckWorker, 300)([source]);
  assert.match(made?.problems[0] ?? '', /took longer than 300ms/);
  assert.deepEqual(made?.missing, [join(folder, 'a.ts'), join(folder, 'b c.ts')]);
});

test('pipelines are made in a thread of their own', async () => {
  write('app.yaml', good);
  write('db.yaml', bad);
  const sources = ['app', 'db'].map((name) => ({ name, file: join(folder, `${name}.yaml`), text: name === 'app' ? good : bad }));
  const checks = await pipelineChecker(pipelineCheckWorker)(sources);
  assert.deepEqual(
    checks.map(({ facts }) => facts?.name),
    ['app', undefined],
  );
  assert.match(checks[1]?.problems[0] ?? '', /db\.yaml:2:5: steps\[0\]\.jsn/);
});

test('a table that a refused pipeline lacks is looked for', async () => {
  const text = 'steps:\n  - lookup: { file: table.csv, by: { a: a }, set: { b: c } }\n';
  const source = { name: 'app', file: join(folder, 'app.yaml'), text };
  const [refused] = await pipelineChecker(pipelineCheckWorker)([source]);
  assert.match(refused?.problems[0] ?? '', /table\.csv is not there/);
  assert.deepEqual(refused?.missing, [join(folder, 'table.csv')]);
  writeFileSync(join(folder, 'table.csv'), 'a,b\n1,2\n');
  const [made] = await pipelineChecker(pipelineCheckWorker)([source]);
  assert.deepEqual([made?.facts?.name, made?.missing], ['app', []]);
});
