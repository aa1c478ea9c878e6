import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { linkSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, utimesSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { suite, test } from 'node:test';
import { checkCommand } from './check.ts';
import { exitCode } from './exit.ts';

interface Checked {
  readonly code: number;
  readonly text: string;
}

/** Checks a configuration of one file input; its paths are in a temporary folder with a file `a.log`. */
class Unit implements Disposable {
  readonly folder = mkdtempSync(join(tmpdir(), 'tributary-check-'));

  constructor() {
    writeFileSync(this.path('a.log'), 'one\n');
  }

  path(name: string): string {
    return join(this.folder, name);
  }

  async check(input: object, more: { readonly hub?: string; readonly explain?: boolean } = {}): Promise<Checked> {
    return await this.checkAll([{ kind: 'file', type: 'app', ...input }], more);
  }

  async checkAll(inputs: readonly object[], more: { readonly hub?: string; readonly explain?: boolean } = {}): Promise<Checked> {
    const { hub = 'ws://127.0.0.1:1', explain = false } = more;
    const configFile = this.path('agent.yaml');
    writeFileSync(configFile, JSON.stringify({ data_dir: this.path('data'), hubs: [hub], inputs }));
    let text = '';
    const host = { env: {}, cwd: '/', isTerminal: false, stop: new AbortController().signal, err: () => undefined };
    const code = await checkCommand({ configFile, json: false, explain }, { ...host, out: (part) => void (text += part) });
    return { code, text };
  }

  [Symbol.dispose](): void {
    rmSync(this.folder, { recursive: true });
  }
}

suite('check', () => {
  test('names the folder that is missing, and each glob that matches nothing, beside one that does', async () => {
    using unit = new Unit();
    const paths = [unit.path('*.log'), unit.path('nodir/*.log'), unit.path('*.txt')];
    const { code, text } = await unit.check({ paths });
    assert.equal(code, exitCode.done);
    assert.match(text, /: the configuration is good\n/);
    assert.match(text, /: 1 file, 4 bytes\n/);
    assert.ok(text.includes(`${unit.path('nodir/*.log')}: the folder ${unit.path('nodir')} is not there;`), text);
    assert.ok(text.includes(`${unit.path('*.txt')}: nothing matches now;`), text);
  });

  test('says what is good and what is not when a file cannot be read', async () => {
    using unit = new Unit();
    symlinkSync(unit.path('loop.log'), unit.path('loop.log'));
    const { code, text } = await unit.check({ paths: [unit.path('*.log')] });
    assert.equal(code, exitCode.failed);
    assert.match(text, /: the file has no mistakes, but 1 path cannot be read, see below\n/);
    assert.ok(text.includes(`cannot read ${unit.path('loop.log')}: ELOOP`), text);
  });

  test('says so when no hub has an address', async () => {
    using unit = new Unit();
    const { code, text } = await unit.check({ paths: [unit.path('*.log')] }, { hub: 'wss://nohost.invalid:1' });
    assert.equal(code, exitCode.failed);
    assert.match(text, /: the file has no mistakes, but no hub has a known address, see below\n/);
  });

  test('refuses an encoding that nobody knows, and takes any label of a known one', async () => {
    using unit = new Unit();
    const paths = [unit.path('*.log')];
    await assert.rejects(unit.check({ paths, encoding: 'utf-99' }), /encoding: must be an encoding .*did you mean utf-8\?/);
    await assert.rejects(unit.check({ paths, encoding: '' }), /encoding: /);
    for (const encoding of ['UTF-8', 'latin1', 'Shift_JIS']) assert.equal((await unit.check({ paths, encoding })).code, 0);
  });
});

suite('check --explain', () => {
  test('tells what each file is read as, what is known of it, and why others are left out', async () => {
    using unit = new Unit();
    for (const name of ['b.log', 'old.log', 'debug.log']) writeFileSync(unit.path(name), 'one\n');
    execFileSync('mkfifo', [unit.path('fifo.log')]);
    linkSync(unit.path('a.log'), unit.path('again.log'));
    utimesSync(unit.path('old.log'), 1000, 1000);
    const { code, text } = await unit.check(
      {
        paths: [unit.path('*.log')],
        exclude: [unit.path('debug*')],
        ignore_older: '1d',
        by_path: [{ paths: [unit.path('b*')], type: 'nginx', labels: { role: 'web' } }],
        multiline: { preset: 'java' },
        filters: { exclude: ['DEBUG'], redact: { presets: ['card'] } },
      },
      { explain: true },
    );
    assert.equal(code, exitCode.done);
    const has = (line: string): void =>
      assert.ok(text.includes(`  ${line.replaceAll('DIR', unit.folder)}\n`), `${line}\n${text}`);
    has('records: lines, utf-8; joined to traces of java; without what matches DEBUG; masked: card');
    has('reads DIR/a.log: new, 4 bytes; default/app, labels {}');
    has('reads DIR/b.log: new, 4 bytes; default/nginx, labels {"role":"web"}');
    has('leaves out DIR/again.log: the same file as DIR/a.log');
    has('leaves out DIR/debug.log: excluded by a glob of `exclude`');
    has('leaves out DIR/fifo.log: is a FIFO, no file');
    assert.match(text, /leaves out .*old\.log: not written for \d+ s, and ignore_older is 86400 s/);
    assert.match(text, /no position is known: there is no buffer yet/);
  });

  test('says what cannot be read, a damaged buffer too, and writes nothing but text to a terminal', async () => {
    using unit = new Unit();
    symlinkSync(unit.path('nowhere'), unit.path('dangling.log'));
    writeFileSync(unit.path('\u001b]0;owned\u0007.log'), 'one\n');
    mkdirSync(unit.path('data'));
    for (const buffer of [randomBytes(50_000), Buffer.alloc(0)]) {
      writeFileSync(unit.path('data/buffer.db'), buffer);
      const { code, text } = await unit.check({ paths: [unit.path('*.log')] }, { explain: true });
      assert.equal(code, exitCode.failed);
      assert.match(text, /leaves out .*dangling\.log: cannot be read: ENOENT/);
      assert.match(text, /no position is known: the buffer cannot be read: /);
      assert.ok(text.includes(String.raw`/\x1b]0;owned\x07.log: new, 4 bytes`), text);
      assert.ok(!text.includes('\u001b'));
    }
  });

  test('tells of what is no file what would be done', async () => {
    using unit = new Unit();
    const inputs = [
      { kind: 'syslog', listen: ['udp://127.0.0.1:5514'], allow_cidr: ['10.0.0.0/8'] },
      { kind: 'lines', type: 'app', listen: ['tcp://127.0.0.1:5515'] },
      { kind: 'exec', type: 'app', command: ['uptime'], interval: '1m' },
      { kind: 'stdin', type: 'app' },
      { kind: 'metrics', sets: ['cpu', 'load'] },
      { kind: 'journald', type: 'journal' },
    ];
    const { text } = await unit.checkAll(inputs, { explain: true });
    for (const line of [
      'would listen at udp://127.0.0.1:5514, from 10.0.0.0/8 only',
      'would listen at tcp://127.0.0.1:5515',
      'would run ["uptime"] every 60 s',
      'reads the standard input of the agent to its end',
      'measures cpu, load every 10 s',
      'reads the journal of this machine',
      'begins at its beginning: no cursor is stored',
    ]) {
      assert.ok(text.includes(`  ${line}\n`), `${line}\n${text}`);
    }
  });

  test('tells of containers which are read', async () => {
    using unit = new Unit();
    const container = (id: string, name: string): void => {
      const folder = unit.path(`docker/containers/${id}`);
      mkdirSync(folder, { recursive: true });
      writeFileSync(
        `${folder}/config.v2.json`,
        JSON.stringify({ ID: id, Name: `/${name}`, Config: { Image: 'nginx:1', Labels: {} } }),
      );
      writeFileSync(`${folder}/${id}-json.log`, '{"log":"one\\n","stream":"stdout","time":"2026-11-21T10:00:00Z"}\n');
    };
    const [web, noisy] = ['a'.repeat(64), 'b'.repeat(64)];
    container(web, 'web');
    container(noisy, 'noisy');
    const { text } = await unit.checkAll(
      [{ kind: 'docker', type: 'app', root: unit.path('docker'), exclude: { names: ['noisy'] } }],
      { explain: true },
    );
    assert.match(text, /records: lines of Docker, split ones joined\n/);
    assert.match(text, new RegExp(`reads \\S*/${web}-json\\.log: new, \\d+ bytes; default/app, labels .*"web"`));
    assert.match(text, new RegExp(`leaves out \\S*/${noisy}-json\\.log: include or exclude leave out its container`));
  });
});
