/** The hub reads its configuration again on SIGHUP, while an agent sends. */
import assert from 'node:assert/strict';
import { appendFile, readFile, writeFile } from 'node:fs/promises';
import { test } from 'node:test';
import { at, isObject, listAt, parseJson } from '../harness/json.ts';
import { freePort } from '../harness/free-port.ts';
import { Stack } from '../harness/stack.ts';
import { until } from '../harness/until.ts';

const push = { address: '127.0.0.1:0', tenant: 'devices' };

async function pushed(url: unknown, line: string): Promise<number> {
  const response = await fetch(`${String(url)}/api/v1/logs`, {
    method: 'POST',
    body: `${line}\n`,
    headers: { 'content-type': 'text/plain' },
  });
  await response.arrayBuffer();
  return response.status;
}

test(
  'SIGHUP opens and closes listeners and changes outputs, cuts no other connection, and loses nothing',
  { timeout: 600_000 },
  async () => {
    // As port 0 it would be another address in the file once it is known.
    const agents = { address: `127.0.0.1:${await freePort()}` };
    await using stack = await Stack.make({ hub: { listeners: { agents, push: [push] } } });
    const { hub, agent } = stack;
    const reload = async (config: Readonly<Record<string, unknown>>): Promise<unknown> => {
      const before = at(await hub.status(), 'configuration', 'readMs');
      await hub.configure(config);
      hub.program.signal('SIGHUP');
      return await until(
        'the configuration is read again',
        async () => {
          const status = await hub.status();
          return at(status, 'configuration', 'readMs') !== before && status;
        },
        { detail: () => stack.tail() },
      );
    };
    const urls = (status: unknown): unknown[] => listAt(status, 'listeners', 'push').map((one) => at(one, 'url'));
    await agent.start();
    const [first] = urls(await hub.status());
    let lines = 0;
    const stop = new AbortController();
    const writing = (async () => {
      for (; !stop.signal.aborted; lines += 1) {
        await appendFile(stack.log('a.log'), `line ${lines}\n`);
        await new Promise((done) => setTimeout(done, 5));
      }
    })();
    const connection = await until('the agent is connected', async () => listAt(await hub.status(), 'connections')[0]);

    // A second push listener, another archive option, quotas, a log level.
    const outputs = [{ kind: 'archive', roll_interval: '500ms', object_bytes: '1MiB' }];
    const quotas = [{ tenant: 'devices', bytes_per_day: '1GiB', action: 'warn' }];
    const wider = await reload({
      listeners: { agents, push: [push, { ...push, tenant: 'printers' }] },
      outputs,
      quotas,
      log: { level: 'debug' },
      measurements: { max_bytes: '8MiB' },
    });
    assert.deepEqual([at(wider, 'configuration', 'state'), listAt(wider, 'quotas').length], ['current', 1]);
    assert.deepEqual(listAt(wider, 'configuration', 'needsRestart'), []);
    const [same, second] = urls(wider);
    assert.equal(same, first, 'the one that did not change is the same');
    assert.deepEqual([await pushed(first, 'to the first'), await pushed(second, 'to the second')], [200, 200]);

    // A bad file: what ran goes on.
    const good = await readFile(hub.configPath, 'utf8');
    await writeFile(hub.configPath, good.replace('"printers"', '"Printers!"'));
    hub.program.signal('SIGHUP');
    const refused = await until('it is refused', async () => {
      const status = await hub.status();
      return at(status, 'configuration', 'state') === 'refused' && status;
    });
    assert.match(String(listAt(refused, 'configuration', 'problems')[0]), /hub\.yaml:\d+:\d+: listeners\.push\[1\]\.tenant/);
    assert.ok(listAt(refused, 'findings').some((one) => at(one, 'kind') === 'configuration'));
    assert.equal(await pushed(second, 'still to the second'), 200);

    // Without the first; and what needs a restart is told.
    const narrower = await reload({ listeners: { agents, push: [] }, outputs, site: 'another' });
    assert.deepEqual(at(narrower, 'configuration', 'needsRestart'), ['site']);
    await assert.rejects(pushed(first, 'nobody listens'));

    const after = listAt(await hub.status(), 'connections')[0];
    assert.ok(typeof at(connection, 'remote') === 'string');
    assert.deepEqual(at(after, 'remote'), at(connection, 'remote'), 'the agent is connected as it was');
    stop.abort();
    await writing;
    const found = await until(
      'every line is archived',
      async () => {
        const { stdout } = await hub.search('--count', '--type', 'app', '--tenant', 'default', '--', 'line ');
        return Number(stdout) >= lines && Number(stdout);
      },
      { detail: () => stack.tail() },
    );
    assert.equal(found, lines);
    const trail = await until('the trail tells', async () => {
      const { stdout } = await hub.search('--json', '--type', 'platform', '--', '"configuration-');
      const events = stdout
        .trimEnd()
        .split('\n')
        .map(parseJson)
        .filter(isObject)
        .map((row) => parseJson(String(row['raw'])));
      const told = events
        .filter((event) => at(event, 'tributary', 'audit') !== undefined)
        .map((event) => at(event, 'event', 'action'));
      return told.length >= 4 && told;
    });
    assert.deepEqual(trail, ['configuration-changed', 'configuration-changed', 'configuration-refused', 'configuration-changed']);
  },
);
