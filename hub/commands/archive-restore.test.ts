import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { eventually } from '../testing/eventually.ts';
import { ProcessingLine } from '../testing/processing-line.ts';
import { StreamWriter, streamInfo } from '../testing/records.ts';
import { archiveRestoreCommand } from './archive-restore.ts';

test('a log type that is not in the archive is told, with the one that was meant, and the command has failed', async () => {
  await using line = await ProcessingLine.open();
  await new StreamWriter(line.queue, streamInfo(1)).append(Buffer.from('{"n":1}\n'));
  line.startPipelines();
  line.startArchive();
  await eventually('it is archived', async () => {
    line.queue.requestArchive('acme/app');
    return (await line.queue.archiveObjects()).length === 1;
  });
  const configFile = join(line.folder, 'hub.yaml');
  writeFileSync(configFile, `data_dir: ${line.folder}\npipelines_dir: ${line.folder}\n`);
  writeFileSync(join(line.folder, 'parsed.yaml'), 'steps: [json: {}]\n');
  const restore = async (channel: string, since?: string): Promise<[number, string]> => {
    let told = '';
    const host = {
      env: {},
      stop: new AbortController().signal,
      err: (text: string) => void (told += text),
      out: async () => undefined,
    };
    const options = { channel, since, pipeline: 'parsed', json: false, configFile, configGiven: true };
    return [await archiveRestoreCommand(options, host), told];
  };
  const [code, told] = await restore('acme/ap');
  assert.equal(code, 1);
  assert.match(told, /nothing of acme\/ap is in the archive .*: did you mean acme\/app\?/);
  assert.match((await restore('other/logs'))[1], /nothing of other\/logs is in the archive .*: tributary-hub channel list/);
  const [good, sums] = await restore('acme/app', '2100-01-01');
  assert.deepEqual([good, sums.includes('0 lines of 0 objects: documents none')], [0, true], sums);
});
