import assert from 'node:assert/strict';
import { X509Certificate } from 'node:crypto';
import { chmod, chown, mkdir, readFile, readdir, stat, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { suite, test } from 'node:test';
import { decodeEnrolmentToken } from '@tributary/protocol/enrolment/enrolment-token.ts';
import { parseJson, textAt } from '../harness/json.ts';
import { runProgram } from '../harness/program.ts';
import { testPrograms } from '../harness/programs.ts';
import { Scratch } from '../harness/scratch.ts';

interface Ran {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

async function hub(args: readonly string[], env: Readonly<Record<string, string>> = {}): Promise<Ran> {
  return await runProgram({ name: 'tributary-hub', command: testPrograms.hub, args, env });
}

function initArgs(scratch: Scratch, ...more: readonly string[]): string[] {
  const places = ['--config', scratch.file('etc/hub.yaml'), '--data-dir', scratch.file('data')];
  return ['init', '--name', 'berlin', '--address', 'hub.example.com', '[fd00::7]:7801', ...places, ...more];
}

async function init(scratch: Scratch, ...more: readonly string[]): Promise<Ran> {
  return await hub(initArgs(scratch, ...more));
}

function fingerprintOf(pem: string): string {
  return new X509Certificate(pem).fingerprint256.replaceAll(':', '').toLowerCase();
}

suite('tributary-hub init', () => {
  test('makes a site whose token carries its addresses and its authority, and whose configuration is good', async () => {
    await using scratch = await Scratch.make();
    const made = await init(scratch, '--json');
    assert.equal(made.code, 0, made.stderr);
    const site = parseJson(made.stdout);
    const token = decodeEnrolmentToken(textAt(site, 'token', 'text'));
    assert.deepEqual(token.hubs, ['hub.example.com:7701', '[fd00::7]:7801']);
    assert.equal(token.fingerprint, fingerprintOf(await readFile(scratch.file('data/pki/ca.crt'), 'utf8')));
    assert.equal(token.fingerprint, textAt(site, 'fingerprint'));
    assert.match(textAt(site, 'admin', 'password'), /^(?:[a-hj-km-np-z2-9]{4}-){4}[a-hj-km-np-z2-9]{4}$/);
    const leaf = new X509Certificate(await readFile(scratch.file('data/pki/hub.crt')));
    assert.equal(leaf.checkHost('hub.example.com'), 'hub.example.com');
    assert.equal(leaf.checkIP('fd00::7'), 'fd00::7');
    const checked = await hub(['check', '--json', '--config', scratch.file('etc/hub.yaml')]);
    assert.equal(checked.code, 0, checked.stderr);
    assert.partialDeepStrictEqual(parseJson(checked.stdout), { ok: true, site: 'berlin', agents: '[::]:7701', problems: [] });
    const users = await hub(['user', 'list', '--json', '--config', scratch.file('etc/hub.yaml')]);
    assert.match(users.stdout, /"admin"/);
    const tokens = await hub(['token', 'list', '--json', '--config', scratch.file('etc/hub.yaml')]);
    assert.match(tokens.stdout, new RegExp(token.tokenId));
    // Neither password nor secret lies anywhere.
    for (const name of await readdir(scratch.file('data'), { recursive: true })) {
      const path = scratch.file('data', name);
      if (name === 'reserve' || !(await stat(path)).isFile()) continue;
      const bytes = await readFile(path);
      for (const secret of [token.secret, textAt(site, 'admin', 'password')]) assert.equal(bytes.includes(secret), false, name);
    }
  });

  test('listens at the port that all its addresses have', async () => {
    await using scratch = await Scratch.make();
    const places = ['--config', scratch.file('hub.yaml'), '--data-dir', scratch.file('data')];
    const made = await hub(['init', '--name', 'berlin', '--address', 'hub.example.com:7801', ...places]);
    assert.equal(made.code, 0, made.stderr);
    const checked = await hub(['check', '--json', '--config', scratch.file('hub.yaml')]);
    assert.partialDeepStrictEqual(parseJson(checked.stdout), { agents: '0.0.0.0:7801' });
  });

  test('overwrites nothing, and names what is there', async () => {
    await using scratch = await Scratch.make();
    const first = await init(scratch);
    assert.equal(first.code, 0, first.stderr);
    assert.match(first.stdout, /tributary-hub run --config .*\n.*\n\s+tributary-agent enroll tributary1-/);
    const before = await Promise.all(['data/pki/ca.key', 'etc/hub.yaml'].map((path) => readFile(scratch.file(path))));
    const second = await init(scratch);
    assert.equal(second.code, 1);
    for (const path of ['etc/hub.yaml', 'data/pki', 'data/registry.db'])
      assert.ok(second.stderr.includes(scratch.file(path)), path);
    const after = await Promise.all(['data/pki/ca.key', 'etc/hub.yaml'].map((path) => readFile(scratch.file(path))));
    assert.deepEqual(after, before);
  });

  test('leaves a configuration alone that somebody wrote, and makes nothing beside it', async () => {
    await using scratch = await Scratch.make();
    await mkdir(scratch.file('etc'));
    await writeFile(scratch.file('etc/hub.yaml'), 'site: mine\n');
    const { code, stderr } = await init(scratch);
    assert.equal(code, 1);
    assert.match(stderr, /nothing of it is overwritten: \S+\/etc\/hub\.yaml\. /);
    assert.deepEqual(await readdir(scratch.path), ['etc']);
  });

  for (const point of ['after-certificates', 'after-config']) {
    test(`killed ${point}, a second one says what to remove, and that is enough`, async () => {
      await using scratch = await Scratch.make();
      const killed = await hub(initArgs(scratch), { TRIBUTARY_CRASH_POINT: `hub.init.${point}` });
      assert.notEqual(killed.code, 0);
      assert.equal(killed.stdout, '');
      const second = await init(scratch);
      assert.equal(second.code, 1);
      const [, command] = /was not finished, or runs now.*begin again: (rm -r -- .*)$/m.exec(second.stderr) ?? [];
      assert.ok(command !== undefined, second.stderr);
      await runProgram({ name: 'sh', command: ['sh'], args: ['-ec', command] });
      assert.equal((await init(scratch)).code, 0);
    });
  }

  test('goes on with the store of a hub that ran on the loopback only', async () => {
    await using scratch = await Scratch.make();
    const made = parseJson((await init(scratch, '--json')).stdout);
    await using other = await Scratch.make();
    await mkdir(other.file('data'));
    for (const name of ['hub.db']) await writeFile(other.file('data', name), await readFile(scratch.file('data', name)));
    const again = await init(other, '--json');
    assert.equal(again.code, 0, again.stderr);
    assert.equal(textAt(parseJson(again.stdout), 'siteId'), textAt(made, 'siteId'));
  });

  test('made by root for a service: all of it belongs to the owner of the data folder', async (context) => {
    if (process.getuid?.() !== 0) {
      context.skip('only root makes files for others');
      return;
    }
    await using scratch = await Scratch.make();
    await chmod(scratch.file('.'), 0o755);
    await mkdir(scratch.file('data'));
    await chown(scratch.file('data'), 12_345, 12_346);
    const made = await init(scratch);
    assert.equal(made.code, 0, made.stderr);
    assert.match(made.stdout, /for the user 12345 only/);
    for (const name of await readdir(scratch.file('data'), { recursive: true })) {
      assert.equal((await stat(join(scratch.file('data'), name))).uid, 12_345, name);
    }
    const config = await stat(scratch.file('etc/hub.yaml'));
    assert.deepEqual([config.uid, config.gid, config.mode & 0o777], [0, 12_346, 0o640]);
  });

  test(
    'made by root for a service: a link that the service left leads root nowhere',
    { skip: process.getuid?.() !== 0 },
    async () => {
      await using scratch = await Scratch.make();
      await chmod(scratch.file('.'), 0o755);
      await mkdir(scratch.file('data'));
      await mkdir(scratch.file('roots'));
      await symlink(scratch.file('roots/cronjob'), scratch.file('data/hub.lock'));
      await chown(scratch.file('data'), 12_345, 12_346);
      assert.equal((await init(scratch)).code, 1);
      assert.deepEqual(await readdir(scratch.file('roots')), []);
    },
  );
});
