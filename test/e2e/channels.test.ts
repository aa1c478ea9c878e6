/** The commands `channel` and `output`, against real processes. */
import assert from 'node:assert/strict';
import { appendFile } from 'node:fs/promises';
import { test } from 'node:test';
import { isObject, listAt, at, parseJson } from '../harness/json.ts';
import { Stack } from '../harness/stack.ts';
import { until } from '../harness/until.ts';

test('a channel is paused, resumed and moved by hand, and all of it is in the audit trail', { timeout: 600_000 }, async () => {
  await using stack = await Stack.make();
  const { hub, agent } = stack;
  const command = async (...args: readonly string[]): Promise<{ code: number | null; stdout: string; stderr: string }> =>
    hub.run(...args, '--config', hub.configPath);
  const found = async (text: string): Promise<number> =>
    Number((await hub.search('--count', '--type', 'app', '--', text)).stdout);
  const group = async (name: string): Promise<unknown> => {
    const { stdout } = await command('channel', 'list', 'default/app', '--json');
    return listAt(parseJson(stdout), 'channels', 0, 'groups').find((one) => at(one, 'group') === name);
  };
  await appendFile(stack.log('a.log'), 'first\n');
  await agent.start();
  await until('the first line is archived', async () => (await found('first')) === 1, { detail: () => stack.tail() });

  const paused = await command('channel', 'pause', 'default/app');
  assert.equal(paused.code, 0, paused.stderr);
  assert.match(paused.stdout, /default\/app: pipeline paused/);
  await appendFile(stack.log('a.log'), 'second\nthird\n');
  await until('what comes in is kept', async () => at(await group('pipeline'), 'records') === 2, { detail: () => stack.tail() });
  const finding = await until('it is a finding', async () => {
    const findings = listAt(await hub.status(), 'findings');
    return findings.find((one) => at(one, 'kind') === 'channel-paused');
  });
  assert.match(String(at(finding, 'reason')), /default\/app.*pipeline.*console:/);
  assert.match((await command('channel', 'list')).stdout, /pipeline .*PAUSED/);

  const unconfirmed = await command('channel', 'seek', 'default/app', '--group', 'pipeline', '--to', 'latest');
  assert.deepEqual([unconfirmed.code, /2 records are skipped/.test(unconfirmed.stderr)], [1, true], unconfirmed.stderr);
  const skipped = await command('channel', 'skip', 'default/app', '--group', 'pipeline');
  assert.match(skipped.stdout, /1 entry is a dead letter now/, skipped.stderr);
  await appendFile(stack.log('a.log'), 'fourth\n');
  await until('the fourth line is there', async () => at(await group('pipeline'), 'records') === 1);
  const back = await command('channel', 'seek', 'default/app', '--group', 'archive', '--to', 'earliest');
  assert.deepEqual([back.code, /cannot go back/.test(back.stderr)], [1, true], back.stderr);
  const unknown = await command('channel', 'pause', 'default/other');
  assert.deepEqual([unknown.code, /there is no channel default\/other/.test(unknown.stderr)], [1, true], unknown.stderr);

  assert.equal((await command('channel', 'resume', 'default/app')).code, 0);
  await until('what came meanwhile is archived', async () => (await found('fourth')) === 1, { detail: () => stack.tail() });
  assert.equal(await found('second'), 0);
  const status = await hub.status();
  assert.equal(at(status, 'queue', 'deadLetters'), 1);
  const books = listAt(status, 'books').find((one) => at(one, 'channel') === 'default/app');
  assert.deepEqual([at(books, 'received'), at(books, 'archived'), at(books, 'missing')], [4, 2, 0]);
  const trail = await until('the audit trail is archived', async () => {
    const { stdout } = await hub.search('--json', '--type', 'platform', '--', 'channel-resumed');
    return stdout !== '' && (await hub.search('--json', '--type', 'platform', '--', '"channel-')).stdout;
  });
  const actions = trail.trimEnd().split('\n').map(parseJson).filter(isObject);
  const told = actions
    .map((one) => parseJson(String(one['raw'])))
    .filter((event) => at(event, 'tributary', 'audit') !== undefined)
    .map((event) => [at(event, 'event', 'action'), at(event, 'event', 'outcome')]);
  assert.deepEqual(told, [
    ['channel-paused', 'success'],
    ['channel-skipped', 'success'],
    ['channel-sought', 'success'],
    ['channel-sought', 'failure'],
    ['channel-resumed', 'success'],
  ]);
});

test(
  'an output that is taken out keeps what it has not passed, until somebody has it forgotten',
  { timeout: 600_000 },
  async () => {
    const archive = { kind: 'archive', roll_interval: '300ms' };
    // Nobody is there: what is for it waits.
    const upstream = { kind: 'upstream', name: 'centre', hubs: ['ws://127.0.0.1:9'] };
    await using stack = await Stack.make({ hub: { outputs: [archive, upstream] } });
    const { hub, agent } = stack;
    const command = async (...args: readonly string[]): Promise<{ code: number | null; stdout: string; stderr: string }> =>
      hub.run(...args, '--config', hub.configPath);
    const found = async (text: string): Promise<number> =>
      Number((await hub.search('--count', '--type', 'app', '--', text)).stdout);
    const groups = async (): Promise<unknown[]> => {
      const { stdout } = await command('channel', 'list', 'default/app', '--json');
      return listAt(parseJson(stdout), 'channels', 0, 'groups').map((one) => at(one, 'group'));
    };
    const configured = async (...outputs: readonly unknown[]): Promise<void> => {
      await hub.configure({ outputs });
      const before = at(await hub.status(), 'configuration', 'readMs');
      hub.program.signal('SIGHUP');
      await until('it is read again', async () => at(await hub.status(), 'configuration', 'readMs') !== before);
    };
    await appendFile(stack.log('a.log'), 'first\n');
    await agent.start();
    await until('it is archived', async () => (await found('first')) === 1, { detail: () => stack.tail() });
    assert.deepEqual(await groups(), ['pipeline', 'upstream:centre', 'archive']);

    const early = await command('output', 'forget', 'centre');
    assert.deepEqual([early.code, /take it out of there first/.test(early.stderr)], [1, true], early.stderr);
    await configured(archive);
    const listed = await command('output', 'list');
    assert.match(listed.stdout, /centre +upstream +upstream:centre +REMOVED +keeps \d+ entries/);
    await until('it is a finding', async () =>
      listAt(await hub.status(), 'findings').some((one) => at(one, 'kind') === 'output-removed'),
    );
    const forgotten = await command('output', 'forget', 'centre');
    assert.deepEqual([forgotten.code, (await groups()).length], [0, 2], forgotten.stderr);

    // From now on only upwards: no pipeline keeps back what the upstream has passed.
    await configured({ ...upstream, from: 'now' });
    assert.deepEqual(await groups(), ['pipeline', 'upstream:centre', 'archive']);
    assert.equal((await command('output', 'forget', 'archive')).code, 0);
    const kept = (await command('channel', 'list', 'default/app')).stdout;
    assert.match(kept, /pipeline .*passed by\n.*upstream:centre .*\n.*archive .*passed by/);
    await appendFile(stack.log('a.log'), 'second\n');
    await until('the second line waits for the upstream', async () => {
      const { stdout } = await command('channel', 'list', 'default/app', '--json');
      const group = listAt(parseJson(stdout), 'channels', 0, 'groups').find((one) => at(one, 'group') === 'upstream:centre');
      return at(group, 'records') === 1;
    });

    await configured(archive, upstream);
    await appendFile(stack.log('a.log'), 'third\n');
    await until('the archive goes on', async () => (await found('third')) === 1, { detail: () => stack.tail() });
    assert.equal(await found('first'), 1, 'what it had is not there twice');
    // Health may find that it gets on slowly, where the machine is.
    const errors = hub.program.stderr.split('\n').filter((line) => line.includes('"log.level":"error"'));
    assert.deepEqual(
      errors.filter((line) => !line.includes('"event":"finding-raised"')),
      [],
    );
  },
);
