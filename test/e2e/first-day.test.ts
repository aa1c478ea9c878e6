/**
 * The first day of a site by the executables alone, in a root without Node: one command on the hub, one on the server, and lines are
 * searchable. The commands are those that the output of the one before names; a line of the configuration is uncommented, as it invites to.
 */
import assert from 'node:assert/strict';
import { appendFileSync, mkdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { get } from 'node:https';
import { text } from 'node:stream/consumers';
import { test } from 'node:test';
import { makeBareRoot } from '../../packaging/build/bare-root.ts';
import { freePort } from '../harness/free-port.ts';
import { at, parseJson } from '../harness/json.ts';
import { Program, type ProgramOptions, runProgram } from '../harness/program.ts';
import { builtPrograms } from '../harness/programs.ts';
import { requireTool } from '../harness/require.ts';
import { Scratch } from '../harness/scratch.ts';
import { getOverUnixSocket } from '../harness/unix-status.ts';
import { until } from '../harness/until.ts';

const skip = await requireTool('chroot');

test('init, run, enroll, and the lines of the system are searchable', { skip, timeout: 600_000 }, async () => {
  const built = builtPrograms();
  await using scratch = await Scratch.make();
  const root = makeBareRoot({ folder: scratch.file('root'), programs: [built.agent[0], built.hub[0]] });
  const path = (inside: string): string => `${root.folder}${inside}`;
  const command = (name: string, args: readonly string[]): ProgramOptions => {
    const { command: first, args: rest } = root.command(name, args);
    return { name, command: [first], args: rest };
  };
  /** As a person types it: words are what the program's own output names. */
  const typed = async (line: string): ReturnType<typeof runProgram> => {
    const [name = '', ...args] = line.trim().split(/\s+/);
    return await runProgram(command(name, args));
  };

  const [agents, http] = [await freePort(), await freePort()];
  const made = await typed(
    `tributary-hub init --name berlin --address 127.0.0.1:${agents} --listen 127.0.0.1:${agents} --listen-http 127.0.0.1:${http}`,
  );
  assert.deepEqual([made.code, made.stderr], [0, '']);
  const [runLine = ''] = /tributary-hub run.*/.exec(made.stdout) ?? [];
  const [enrollLine = ''] = /tributary-agent enroll tributary1-\S+/.exec(made.stdout) ?? [];
  assert.ok(runLine !== '' && enrollLine !== '', made.stdout);
  assert.equal(statSync(path('/var/lib/tributary/hub/pki')).mode & 0o777, 0o700);
  assert.equal(statSync(path('/var/lib/tributary/hub/pki/ca.key')).mode & 0o777, 0o600);

  const again = await typed(`tributary-hub init --name berlin --address 127.0.0.1:${agents}`);
  assert.notEqual(again.code, 0, 'it overwrites nothing');
  assert.match(again.stderr, /already|exists/);

  const config = readFileSync(path('/etc/tributary/hub.yaml'), 'utf8');
  const eager = config.replace('  #  roll_interval: 60s', '    roll_interval: 1s');
  assert.notEqual(eager, config);
  writeFileSync(path('/etc/tributary/hub.yaml'), eager);
  const [hubName = '', ...hubArgs] = runLine.trim().split(/\s+/);
  await using hub = new Program(command(hubName, hubArgs));
  const status = async (): Promise<unknown> => await getOverUnixSocket(path('/run/tributary/hub.sock'), '/status');
  await until('the hub listens', async () => at(await status(), 'state') === 'ready', { detail: () => hub.tail() });

  assert.match(await pageAt(`https://127.0.0.1:${http}/`), /<title>Tributary<\/title>/, 'the page is in the executable');

  mkdirSync(path('/var/log'), { recursive: true });
  appendFileSync(path('/var/log/syslog'), 'Nov 21 10:00:00 server kernel: the first line of the first day\n');
  const enrolled = await typed(enrollLine);
  assert.equal(enrolled.code, 0, `${enrolled.stdout}${enrolled.stderr}\n${hub.tail()}`);
  assert.match(enrolled.stdout, /hub\s+wss:\/\/127\.0\.0\.1:\d+: connected/);
  const [agentLine = ''] = /tributary-agent run[^(\n]*/.exec(enrolled.stdout) ?? [];
  const [agentName = '', ...agentArgs] = agentLine.trim().split(/\s+/);
  await using agent = new Program(command(agentName, agentArgs));
  const tail = (): string => `${agent.tail()}\n${hub.tail()}`;
  await until(
    'the line is found',
    async () => {
      const found = await typed('tributary-hub archive search --json --no-summary --type system kernel');
      assert.equal(found.code, 0, found.stderr);
      if (found.stdout === '') return false;
      const record = parseJson(found.stdout.split('\n')[0] ?? '');
      return JSON.stringify(record).includes('the first line of the first day');
    },
    { everyMs: 1000, deadlineMs: 120_000, detail: tail },
  );

  // The bare root has an empty /proc, which a server has not.
  const isComplaint = (line: string): boolean => /"log\.level":"(?:warn|error)"/.test(line) && !line.includes("'/proc/");
  const complaints = `${agent.stderr}\n${hub.stderr}`.split('\n').filter(isComplaint);
  assert.deepEqual(complaints, [], 'a fresh site and a fresh server have nothing to complain of');
  const shown = await typed('tributary-hub status');
  assert.equal(shown.code, 0, shown.stderr);
  const listed = await typed('tributary-hub agent list');
  assert.match(listed.stdout, /active/, listed.stderr);
  const { ok } = await fetch(`http://127.0.0.1:${http}/api/v1/logs`).catch(() => ({ ok: false }));
  assert.equal(ok, false, 'without TLS nobody answers there');
  assert.deepEqual([(await agent.stop()).code, (await hub.stop()).code], [0, 0], tail());
  const token = enrollLine.split(' ')[2] ?? '';
  for (const output of [agent.stderr, hub.stderr, readFileSync(path('/etc/tributary/agent.yaml'), 'utf8')]) {
    assert.ok(!output.includes(token) && !output.includes('PRIVATE KEY'), 'no secret is written where people look');
  }
});

/** As a browser asks for it; that of a test knows no authority. */
async function pageAt(url: string): Promise<string> {
  const { promise, resolve, reject } = Promise.withResolvers<string>();
  const asked = get(url, { rejectUnauthorized: false, agent: false, headers: { accept: 'text/html' } }, (response) => {
    text(response).then(resolve, reject);
  });
  asked.on('error', reject);
  return await promise;
}
