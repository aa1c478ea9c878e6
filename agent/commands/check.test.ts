import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
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

  async check(input: object, hub = 'ws://127.0.0.1:1'): Promise<Checked> {
    const configFile = this.path('agent.yaml');
    writeFileSync(configFile, JSON.stringify({ hubs: [hub], inputs: [{ kind: 'file', type: 'app', ...input }] }));
    let text = '';
    const host = { env: {}, cwd: '/', isTerminal: false, stop: new AbortController().signal, err: () => undefined };
    const code = await checkCommand({ configFile, json: false }, { ...host, out: (more) => void (text += more) });
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
    const { code, text } = await unit.check({ paths: [unit.path('*.log')] }, 'ws://nohost.invalid:1');
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
