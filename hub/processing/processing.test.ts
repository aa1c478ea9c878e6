import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { eventually } from '../testing/eventually.ts';
import { PipelineSite } from '../testing/pipeline-site.ts';
import { StreamWriter, streamInfo } from '../testing/records.ts';

function version(number: number): string {
  return `steps:\n  - set: { fields: { event.version: "${number}" } }\n`;
}

suite('processing', () => {
  test('another version of a pipeline loses nothing and changes no order', async () => {
    await using site = await PipelineSite.open({ files: { 'app.yaml': version(0) }, size: 3 });
    const writer = new StreamWriter(site.queue, streamInfo(1));
    const lines: string[] = [];
    for (let number = 1; number <= 3; number += 1) {
      for (let count = 0; count < 5; count += 1) {
        const line = `line ${lines.length}\n`;
        lines.push(line);
        await writer.append(Buffer.from(line));
      }
      site.write('app.yaml', version(number));
      await site.processing.load();
    }
    await writer.append(Buffer.from('last\n'));
    await eventually('all is processed', () => site.processing.pipelines.counts.records === lines.length + 1);
    const documents = await site.documents('app');
    assert.deepEqual(
      documents.map(({ text }) => text),
      [...lines, 'last\n'],
    );
    assert.deepEqual(documents.at(-1)?.fields, { event: { version: '3' } });
    const versions = documents.map(({ fields }) => JSON.stringify(fields));
    assert.deepEqual(versions, versions.toSorted(), 'no record goes back to a version before');
    assert.deepEqual(site.processing.pipelines.sums, [
      { pipeline: 'app', steps: [{ step: 'set', in: lines.length + 1, failed: 0, dropped: 0 }] },
    ]);
  });

  test('a bad version is refused while the old one goes on, and what never was good waits', async () => {
    await using site = await PipelineSite.open({ files: { 'app.yaml': version(1), 'held.yaml': 'steps: [{ nosuch: }]\n' } });
    const held = new StreamWriter(site.queue, streamInfo(2, { type: 'held' }));
    await held.append(Buffer.from('waits\n'));
    site.write('app.yaml', 'steps:\n  - set: { field: {} }\n');
    await site.processing.load();
    await new StreamWriter(site.queue, streamInfo(1)).append(Buffer.from('one\n'));
    await eventually('the other type is processed', () => site.processing.pipelines.counts.records === 1);
    assert.deepEqual((await site.documents('app'))[0]?.fields, { event: { version: '1' } });
    assert.deepEqual(await site.documents('held'), []);
    assert.partialDeepStrictEqual(
      site.findings.all().map(({ level, subject }) => `${level} ${subject}`),
      ['yellow app', 'red held'],
    );
    assert.match(site.told()[0] ?? '', /pipeline app was refused: what ran before goes on: .*app\.yaml:2:10: steps\[0\]\.set/);
    site.write('held.yaml', version(2));
    await site.processing.load();
    await eventually('what waited is processed', () => site.processing.pipelines.counts.records === 2);
    assert.equal((await site.documents('held'))[0]?.text, 'waits\n');
  });

  test('a pipeline that keeps state has one thread, so that it sees all', async () => {
    const files = { 'app.yaml': 'steps:\n  - dedupe: {}\n' };
    await using site = await PipelineSite.open({ files, size: 4 });
    const writers = [1, 2, 3].map((number) => new StreamWriter(site.queue, streamInfo(number)));
    for (let count = 0; count < 10; count += 1) {
      for (const writer of writers) await writer.append(Buffer.from('same\n'.repeat(50)));
    }
    await eventually('all is processed', () => site.processing.pipelines.sums[0]?.steps[0]?.in === 1500);
    assert.equal((await site.documents('app')).length, 1);
  });
});
