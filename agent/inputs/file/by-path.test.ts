import assert from 'node:assert/strict';
import { appendFile, mkdir, utimes, writeFile } from 'node:fs/promises';
import { suite, test } from 'node:test';
import { eventually, InputUnderTest, testOptions } from '../testing/input-under-test.ts';
import { fileKind } from './file-input.ts';
import { fileInputOptions } from './options.ts';

const defaults = { tenant: 'acme', host: 'here', labels: { site: 'one' } };

suite('by_path', () => {
  const rules = [
    {
      paths: ['/logs/*/*.log'],
      pattern: '^/logs/(?<service>[^/]+)/([^/.]+)',
      type: 'service',
      labels: { service: '$<service>', part: 'x-$2', none: '$1$9'.slice(2, 2) },
    },
    { paths: ['/logs/*.log'], tenant: 'other', labels: {} },
  ];

  test('the first rule that matches tells type, tenant and labels', async () => {
    const kind = fileKind({ ...testOptions, labels: { own: 'yes' }, by_path: rules }, defaults);
    const traits = async (path: string): Promise<unknown> => {
      const decision = await kind.traitsOf(path);
      assert(typeof decision === 'object');
      const { tenant, type, labels } = decision.attributes;
      return [tenant, type, labels];
    };
    const labels = { site: 'one', own: 'yes' };
    assert.deepEqual(await traits('/logs/web/access.log'), ['acme', 'service', { ...labels, service: 'web', part: 'x-access' }]);
    assert.deepEqual(await traits('/logs/access.log'), ['other', 'app', labels]);
    assert.deepEqual(await traits('/logs/web/.log'), ['other', 'app', labels].with(0, 'acme'));
    assert.deepEqual(await traits('/elsewhere'), ['acme', 'app', labels]);
    assert.equal(kind.traitsOf('/elsewhere'), kind.traitsOf('/elsewhere else'));
  });

  test('a file that is read again after a restart keeps its stream, and others theirs', async () => {
    await using unit = await InputUnderTest.make();
    for (const name of ['web', 'db']) {
      await mkdir(unit.path(name));
      await writeFile(unit.path(`${name}/x.log`), `${name}\n`);
    }
    const by_path = [{ paths: [unit.path('*/x.log')], pattern: '/([^/]+)/x', labels: { service: '$1' } }];
    for (let round = 0; round < 2; round += 1) {
      unit.start({ paths: [unit.path('*/x.log')], by_path });
      await unit.drained();
      await unit.stop();
    }
    const services = [...unit.sink.recorded.values()].map(
      ({ attributes, bytes }) => `${attributes.labels['service']} ${bytes.toString()}`,
    );
    assert.deepEqual(services.toSorted(), ['db db\n', 'web web\n']);
  });

  test('a name that someone chose does not hang the agent, and case may be ignored', async () => {
    const paths = ['/logs/**'];
    const hard = [{ paths, pattern: '(?i)^/LOGS/((?:a|a)*)*(x)$', labels: { last: '$2' } }];
    const kind = fileKind({ ...testOptions, by_path: hard }, defaults);
    const lastOf = async (path: string): Promise<string | undefined> => {
      const decision = await kind.traitsOf(path);
      assert(typeof decision === 'object');
      return decision.attributes.labels['last'];
    };
    assert.equal(await lastOf(`/logs/${'a'.repeat(200)}`), undefined);
    assert.equal(await lastOf(`/logs/${'a'.repeat(200)}x`), 'x');
  });

  for (const [what, rule] of [
    ['an expression that is none', { paths: ['/a'], pattern: '(' }],
    ['an expression that could take forever', { paths: ['/a'], pattern: String.raw`/(\w+)/\1` }],
    ['a group that is not there', { paths: ['/a'], pattern: '(x)', labels: { a: '$2' } }],
    ['a name that is not there', { paths: ['/a'], pattern: '(?<x>x)', labels: { a: '$<y>' } }],
    ['groups without an expression', { paths: ['/a'], labels: { a: '$1' } }],
  ] as const) {
    test(`${what} is refused`, () => {
      const result = fileInputOptions.safeParse({ kind: 'file', type: 'app', paths: ['/a'], by_path: [rule] });
      assert.equal(result.success, false);
    });
  }
});

suite('ignore_older', () => {
  test('leaves old files alone until they are written again', async () => {
    await using unit = await InputUnderTest.make();
    await writeFile(unit.path('old.log'), 'old\n');
    await writeFile(unit.path('new.log'), 'new\n');
    const past = new Date(Date.now() - 3_600_000);
    await utimes(unit.path('old.log'), past, past);
    unit.start({ ignore_older: 60_000 });
    await unit.expect('new.log', 'new\n');
    await unit.drained();
    assert.deepEqual(unit.sink.of(unit.path('old.log')), []);
    await appendFile(unit.path('old.log'), 'again\n');
    await unit.expect('old.log', 'old\nagain\n');
  });

  test('with start: end only what is written again is read', async () => {
    await using unit = await InputUnderTest.make();
    await writeFile(unit.path('old.log'), 'old\n');
    const past = new Date(Date.now() - 3_600_000);
    await utimes(unit.path('old.log'), past, past);
    unit.start({ ignore_older: 60_000, start: 'end' });
    await unit.drained();
    await appendFile(unit.path('old.log'), 'again\n');
    await eventually('it is read', () => unit.sink.text(unit.path('old.log')) === 'again\n');
  });

  test('a time that contradicts others is refused', () => {
    const result = fileInputOptions.safeParse({ kind: 'file', type: 'app', paths: ['/a'], ignore_older: '5s' });
    assert.equal(result.success, false);
    assert.match(result.error?.message ?? '', /longer than scan_interval/);
  });
});
