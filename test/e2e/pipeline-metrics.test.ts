/** What a pipeline counts, as Prometheus asks for it and as platform events tell it, with labels of a table that changes and vanishes. */
import assert from 'node:assert/strict';
import { rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { freePort } from '../harness/free-port.ts';
import { HubHost } from '../harness/hub-host.ts';
import { at, listAt, parseJson, textAt } from '../harness/json.ts';
import { testPrograms as programs } from '../harness/programs.ts';
import { Scratch } from '../harness/scratch.ts';
import { until } from '../harness/until.ts';

const pipeline = `steps:
  - json:
  - lookup: { file: owners.csv, by: { service: service.name }, set: { owner: labels.owner } }
  - metric: { name: seconds, kind: histogram, value: took, labels: { owner: labels.owner }, buckets: [1] }
`;

test('what pipelines count is there for Prometheus, by a table that is read again', { timeout: 600_000 }, async () => {
  await using scratch = await Scratch.make();
  const folder = await scratch.folder('pipelines');
  const table = async (owner: string): Promise<void> => {
    await writeFile(join(folder, 'new'), `service,owner\nweb,${owner}\n`);
    await rename(join(folder, 'new'), join(folder, 'owners.csv'));
  };
  await writeFile(join(folder, 'app.yaml'), pipeline);
  await table('anna');
  const [port, pushPort] = [await freePort(), await freePort()];
  const push = [{ address: `127.0.0.1:${pushPort}`, plaintext: true, tenant: 'shop', type: 'app' }];
  const config = {
    pipelines_dir: folder,
    platform_tenant: 'ops',
    outputs: [{ kind: 'archive', roll_interval: '300ms' }],
    listeners: { push, http: { address: `127.0.0.1:${port}` } },
  };
  await using hub = new HubHost({ programs, scratch, config });
  await hub.start();
  const tokenOf = (tenant: string, scope: string): Promise<string> => hub.createToken('--scope', scope, '--tenant', tenant);
  const metrics = (token: string): Promise<Response> =>
    fetch(`http://127.0.0.1:${port}/metrics`, { headers: { authorization: `Bearer ${token}` } });
  const reader = await tokenOf('shop', 'read');
  const counted = async (line: string): Promise<void> => {
    const detail = (): string => hub.program.tail();
    const isThere = async (): Promise<boolean> => {
      const body = JSON.stringify({ service: { name: 'web' }, took: 0.5 });
      await fetch(`http://127.0.0.1:${pushPort}/api/v1/logs`, { method: 'POST', body: `${body}\n` });
      return (await (await metrics(reader)).text()).includes(line);
    };
    await until(`${line} is told`, isThere, { deadlineMs: 120_000, everyMs: 300, detail });
  };
  await counted('seconds_bucket{tenant="shop",type="app",owner="anna",le="1"}');
  assert.equal(await (await metrics(await tokenOf('bank', 'read'))).text(), '', 'another tenant sees nothing of it');
  assert.deepEqual(
    [(await metrics(await tokenOf('shop', 'write'))).status, (await fetch(`http://127.0.0.1:${port}/metrics`)).status],
    [403, 401],
  );
  await table('bert');
  await counted('owner="bert"');
  await rm(join(folder, 'owners.csv'));
  const findings = async (): Promise<string> => JSON.stringify(at(await hub.status(), 'findings'));
  const isTold = async (): Promise<boolean> => {
    await counted('owner="bert"');
    return (await findings()).includes('owners.csv is not there: what it held before is used');
  };
  await until('the table is missed', isTold, { deadlineMs: 120_000, everyMs: 300, detail: () => hub.program.tail() });
  const told = await until(
    'events tell it, too',
    async () => {
      const { stdout } = await hub.search('pipeline-measured', '--tenant', 'ops', '--json');
      return stdout
        .trimEnd()
        .split('\n')
        .filter((line) => line !== '')
        .map(parseJson)
        .at(0);
    },
    { deadlineMs: 120_000, everyMs: 500 },
  );
  const { metric } = Object(at(parseJson(textAt(told, 'raw')), 'tributary'));
  assert.partialDeepStrictEqual(metric, {
    name: 'seconds',
    kind: 'histogram',
    bounds: [1],
    labels: { tenant: 'shop', type: 'app' },
  });
  assert.ok(listAt(metric, 'counts').length === 1);
});
