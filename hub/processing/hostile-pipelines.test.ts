/**
 * Pipelines that hurt: a script that never ends, scripts that take memory without end, a pattern that backtracks without end, and a table that
 * vanishes. The type concerned degrades, health tells why, and another type is processed; the rates of both are printed. Some seconds long, as threads have to be stuck
 * for a while before they are ended, and real ones are started anew.
 */
import assert from 'node:assert/strict';
import { suite, test, type TestContext } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { eventually } from '../testing/eventually.ts';
import { PipelineSite } from '../testing/pipeline-site.ts';
import { StreamWriter, streamInfo } from '../testing/records.ts';
import { stepEndsMax } from './limits.ts';

const scripts = { time_limit: '300ms', memory_limit: '64MiB' };
const batches = 20;
const everyMs = 25;
const otherPipeline = 'steps:\n  - set: { fields: { event.kind: event } }\n';

/** What a script does at a record that says so. */
function scriptThat(does: string): string {
  return `steps:
  - script:
      code: |
        const kept: unknown[] = [];
        export default (record) => {
          if (record.message === 'bad') ${does}
          return record;
        };
`;
}

interface Rates {
  readonly concerned: number;
  readonly other: number;
}

interface Lane {
  readonly type: string;
  readonly writer: StreamWriter;
  /** The batch that comes at its turn. */
  readonly batch: (index: number) => string;
}

/** Their threads have worked on a batch each. */
async function start(site: PipelineSite, ...lanes: readonly Lane[]): Promise<void> {
  for (const { type, writer, batch } of lanes) {
    await writer.append(Buffer.from(batch(0)));
    await eventually(`the thread of ${type} has started`, async () => (await committedOf(site, type)) === 1);
  }
}

/**
 * Batches a second of two types that come at the same steady pace, from the first appended until all of the other type are committed: the type
 * concerned has done so many by then.
 */
async function ratesOf(site: PipelineSite, concerned: Lane, other: Lane): Promise<Rates> {
  const startedMs = performance.now();
  const [before, beforeOther] = await Promise.all([committedOf(site, concerned.type), committedOf(site, other.type)]);
  for (let index = 0; index < batches; index += 1) {
    await sleep(Math.max(0, startedMs + index * everyMs - performance.now()));
    for (const { writer, batch } of [concerned, other]) await writer.append(Buffer.from(batch(index)));
  }
  await eventually('the other type is processed', async () => (await committedOf(site, other.type)) === beforeOther + batches);
  const seconds = (performance.now() - startedMs) / 1000;
  const done = (await committedOf(site, concerned.type)) - before;
  await eventually('so is the type concerned', async () => (await committedOf(site, concerned.type)) === before + batches);
  return { concerned: Math.round(done / seconds), other: Math.round(batches / seconds) };
}

async function committedOf(site: PipelineSite, type: string): Promise<number> {
  const { groups } = await site.queue.status();
  return groups.find(({ topic, group }) => topic === `front/acme/${type}` && group === 'pipeline')?.cursor ?? 0;
}

/** The machine is busy with other tests as well, and has two cores. */
function tellRates(t: TestContext, what: string, alone: Rates, beside: Rates): void {
  t.diagnostic(
    `batches/s, type concerned: ${alone.concerned} before, ${beside.concerned} with ${what}; other type: ${alone.other} before, ${beside.other} beside it`,
  );
}

interface Hostile {
  readonly name: string;
  readonly does: string;
  readonly types: readonly string[];
  readonly reason: RegExp;
}

const late = /took longer than 300ms with one record/;
/** What takes memory fast may be late before it is large. */
const either = /took (longer than 300ms with one record|more than 64MiB of memory)/;

const hostiles: readonly Hostile[] = [
  { name: 'a script that never ends', does: 'for (;;);', types: ['timeout'], reason: late },
  {
    name: 'a pattern that backtracks in a script',
    does: "/^(a+)+\\1$/.test('a'.repeat(60) + '!');",
    types: ['timeout'],
    reason: late,
  },
  {
    name: 'a script that takes objects without end',
    does: 'for (;;) kept.push({ one: kept.length, many: [1, 2, 3] });',
    types: ['memory', 'timeout'],
    reason: either,
  },
  {
    name: 'a script that takes buffers without end',
    does: 'for (;;) kept.push(new Uint8Array(1 << 20).fill(1));',
    types: ['memory', 'timeout'],
    reason: either,
  },
];

/** Each script is a type's own; all share a site, as to start one takes as long as a script is let run. */
function typeOf(hostile: Hostile): string {
  return `app_${hostiles.indexOf(hostile)}`;
}

async function survives(
  t: TestContext,
  site: PipelineSite,
  { name, types, reason }: Hostile,
  { concerned, other }: { readonly concerned: Lane; readonly other: Lane },
): Promise<void> {
  const { type } = concerned;
  await start(site, concerned);
  const alone = await ratesOf(site, concerned, other);
  const batch = (index: number): string => (index === 0 ? 'before\nbad\nafter\n' : `line ${index}\n`);
  tellRates(t, name, alone, await ratesOf(site, { ...concerned, batch }, other));
  // It is only one record that has failed: the others of its batch are documents.
  const texts = (await site.documents(type)).map(({ text }) => text);
  assert.deepEqual([texts.length, texts.includes('before\n'), texts.includes('after\n')], [2 * batches + 2, true, true]);
  const failures = (await site.documents('errors')).filter(
    ({ fields }) => Reflect.get(Object(Reflect.get(Object(fields['tributary']), 'pipeline')), 'name') === type,
  );
  assert.deepEqual(
    failures.map(({ text }) => text),
    ['bad\n'],
  );
  const error: unknown = failures[0]?.fields['error'];
  assert.ok(types.includes(String(Reflect.get(Object(error), 'type'))), JSON.stringify(error));
  assert.match(String(Reflect.get(Object(error), 'message')), reason);
  assert.equal((await site.queue.status()).deadLetters, 0);
}

suite('hostile pipelines', () => {
  test('scripts', async (t: TestContext) => {
    const files = Object.fromEntries(hostiles.map((hostile) => [`${typeOf(hostile)}.yaml`, scriptThat(hostile.does)]));
    await using site = await PipelineSite.open({
      files: { ...files, 'other.yaml': otherPipeline },
      options: { scripts },
      size: 2,
    });
    const lane = (type: string, number: number): Lane => {
      return { type, writer: new StreamWriter(site.queue, streamInfo(number, { type })), batch: (index) => `line ${index}\n` };
    };
    const other = lane('other', hostiles.length);
    await start(site, other);
    for (const [number, hostile] of hostiles.entries())
      await t.test(hostile.name, (inner: TestContext) =>
        survives(inner, site, hostile, { concerned: lane(typeOf(hostile), number), other }),
      );
  });

  test('a step that does so again and again is switched off, and health tells it', async () => {
    const files = { 'app.yaml': scriptThat('for (;;);') };
    await using site = await PipelineSite.open({ files, options: { scripts }, size: 2 });
    const writer = new StreamWriter(site.queue, streamInfo(1));
    const count = stepEndsMax + 20;
    await writer.append(Buffer.from(`${'bad\n'.repeat(count)}good\n`));
    await eventually('all have failed', async () => (await site.documents('errors')).length === count + 1);
    const found = await site.documents('errors');
    const types = found.map(({ fields }) => String(Reflect.get(Object(fields['error']), 'type')));
    assert.deepEqual(
      Object.entries(Object.groupBy(types, (type) => type)).map(([type, all]) => `${all?.length} ${type}`),
      [`${stepEndsMax} timeout`, `${count + 1 - stepEndsMax} switched_off`],
    );
    const told = await eventually('health tells it', () => site.told().find((reason) => reason.includes('pipeline-step-off')));
    assert.match(told, /^red pipeline-step-off: pipeline app: step script ended its thread 3 times .* took longer than 300ms/);
    assert.equal((await site.queue.status()).deadLetters, 0);
  });

  test('steps', async (t: TestContext) => {
    const files = {
      'app.yaml': "steps:\n  - regex: { pattern: '^(?<all>(a+)+)$' }\n",
      'table.csv': 'code,name\n1,one\n',
      'table.yaml':
        'steps:\n  - regex: { pattern: "^(?<code>[0-9]+)" }\n  - lookup: { file: table.csv, by: { code: code }, set: { name: event.action } }\n',
      'other.yaml': otherPipeline,
    };
    await using site = await PipelineSite.open({ files, size: 2 });
    const lane = (type: string, number: number, batch: string): Lane => {
      return { type, writer: new StreamWriter(site.queue, streamInfo(number, { type })), batch: () => batch };
    };
    const other = lane('other', 2, 'aaaa\n');
    await start(site, other);

    await t.test('a pattern never backtracks', async (inner: TestContext) => {
      const concerned = lane('app', 1, 'aaaa\n');
      await start(site, concerned);
      const alone = await ratesOf(site, concerned, other);
      const hostile = `${'a'.repeat(100_000)}!\n`;
      tellRates(inner, '^(a+)+$ at each record', alone, await ratesOf(site, { ...concerned, batch: () => hostile }, other));
      assert.equal((await site.documents('errors')).length, batches);
      assert.equal((await site.queue.status()).deadLetters, 0);
    });

    await t.test('a table that vanishes leaves what it held', async (inner: TestContext) => {
      const concerned = lane('table', 3, '1\n');
      await start(site, concerned);
      const alone = await ratesOf(site, concerned, other);
      site.remove('table.csv');
      tellRates(inner, 'its table gone', alone, await ratesOf(site, concerned, other));
      let lines = 2 * batches + 1;
      await eventually('health tells of the table', async () => {
        await concerned.writer.append(Buffer.from('1\n'));
        lines += 1;
        return site.told().some((reason) => /^yellow pipeline-step: pipeline table, step lookup: .*table\.csv/.test(reason));
      });
      await eventually('all is processed', async () => (await site.documents('table')).length === lines);
      for (const { fields } of await site.documents('table')) assert.partialDeepStrictEqual(fields, { event: { action: 'one' } });
    });
  });
});
