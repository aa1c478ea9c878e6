/** `buffer check`, `export` and `salvage`, beside a buffer in use and on what is none. */
import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { copyFileSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { suite, test } from 'node:test';
import { openDatabase } from '@tributary/shared/sqlite/open-database.ts';
import { bufferFile } from '../buffer/open-store.ts';
import { openTestBuffer, type TestBuffer } from '../buffer/testing/test-buffer.ts';
import { lockFolder } from '../identity/folder-lock.ts';
import { bufferCheckCommand } from './buffer-check.ts';
import { bufferExportCommand } from './buffer-export.ts';
import { bufferSalvageCommand } from './buffer-salvage.ts';
import type { CommandHost, ExitCode } from './exit.ts';

interface Ran {
  readonly code: ExitCode;
  readonly out: string;
  readonly err: string;
}

class Unit implements AsyncDisposable {
  readonly own: TestBuffer;

  constructor(own: TestBuffer) {
    this.own = own;
  }

  static async start(): Promise<Unit> {
    const own = await openTestBuffer({ folder: mkdtempSync(join(tmpdir(), 'tributary-buffer-')) });
    await own.buffer.adopt([]);
    return new Unit(own);
  }

  get folder(): string {
    return this.own.folder;
  }

  async check(json = false, dataDir = this.folder): Promise<Ran> {
    return await ran((host) => bufferCheckCommand({ configFile: '', dataDir, json }, host));
  }

  async export(options: { json?: boolean; all?: boolean; out?: string } = {}): Promise<Ran & { readonly bytes: Buffer }> {
    const pieces: Uint8Array[] = [];
    const write = async (bytes: Uint8Array): Promise<void> => void pieces.push(bytes);
    const place = { configFile: '', dataDir: this.folder };
    const result = await ran((host) => bufferExportCommand({ json: false, all: false, ...options, ...place, write }, host));
    return { ...result, bytes: Buffer.concat(pieces) };
  }

  async salvage(file: string): Promise<Ran> {
    return await ran((host) => bufferSalvageCommand({ configFile: '', dataDir: this.folder, file, json: false }, host));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.own.close();
    rmSync(this.folder, { recursive: true, force: true });
  }
}

async function ran(command: (host: CommandHost) => Promise<ExitCode>): Promise<Ran> {
  let [out, err] = ['', ''];
  const stop = new AbortController().signal;
  const host: CommandHost = {
    env: {},
    cwd: '/',
    isTerminal: false,
    stop,
    out: (text) => void (out += text),
    err: (text) => void (err += text),
  };
  return { code: await command(host), out, err };
}

suite('buffer check', () => {
  test('tells what is in a buffer that is in use', async () => {
    await using unit = await Unit.start();
    const stream = await unit.own.openStream('/var/log/a');
    await unit.own.append(stream, 'one\ntwo\n');
    await unit.own.append(stream, 'three\n');
    unit.own.buffer.acked([1]);
    unit.own.buffer.recordLoss({ streamId: stream.streamId, from: 3, to: 5, cause: 'rejected' });
    await unit.own.append(stream, 'four\n');
    const text = await unit.check();
    assert.equal(text.code, 0, text.out);
    assert.match(text.out, /^streams {2}1 open, 0 ended/m);
    assert.match(text.out, /^batches {2}2 wait for a hub, 1 acknowledged and kept, 0 rejected$/m);
    assert.match(text.out, /^waiting {2}2 records, 11 bytes/m);
    assert.match(text.out, /^lost {5}2 positions in 1 gaps, rejected$/m);
    assert.match(text.out, /^good$/m);
    assert.deepEqual(JSON.parse((await unit.check(true)).out).problems, []);
    await unit.own.append(stream, 'five\n');
    assert.deepEqual(unit.own.failures, [], 'it goes on');
  });

  test('finds a body that is not what was written, and what is no buffer', async () => {
    await using unit = await Unit.start();
    const stream = await unit.own.openStream('/var/log/a');
    await unit.own.append(stream, 'one\n');
    await unit.own.close();
    const db = openDatabase(bufferFile(unit.folder));
    db.exec("UPDATE bodies SET body = x'00'");
    db.close();
    const damaged = await unit.check();
    assert.equal(damaged.code, 1);
    assert.match(damaged.out, /^problem {2}the body of batch 1 is not what was written$/m);
    for (const bytes of [randomBytes(100_000), Buffer.alloc(0)]) {
      writeFileSync(bufferFile(unit.folder), bytes);
      const garbage = await unit.check();
      assert.equal(garbage.code, 1, garbage.out);
      assert.deepEqual(readFileSync(bufferFile(unit.folder)), bytes, 'nothing is changed');
    }
    const absent = await unit.check(false, join(unit.folder, 'no'));
    assert.equal(absent.code, 1);
    assert.match(absent.err, /there is no buffer/);
    assert.equal(existsSync(join(unit.folder, 'no')), false);
  });
});

suite('buffer export', () => {
  test('prints what waits in its order, beside a buffer in use', async () => {
    await using unit = await Unit.start();
    const stream = await unit.own.openStream('/var/log/a');
    await unit.own.append(stream, 'acknowledged\n');
    await unit.own.append(stream, 'two\nthree\n');
    unit.own.buffer.acked([1]);
    await unit.own.append(stream, 'no newline');
    const plain = await unit.export();
    assert.equal(plain.code, 0, plain.err);
    assert.equal(plain.bytes.toString(), 'two\nthree\nno newline\n');
    assert.equal((await unit.export({ all: true })).bytes.toString(), 'acknowledged\ntwo\nthree\nno newline\n');
    const records: { position: number; raw: string; path: string; channel: string }[] = (await unit.export({ json: true })).bytes
      .toString()
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line));
    assert.deepEqual(
      records.map(({ position, raw, path, channel }) => [position, raw, path, channel]),
      [
        [13, 'two\n', '/var/log/a', 'default/app'],
        [17, 'three\n', '/var/log/a', 'default/app'],
        [23, 'no newline', '/var/log/a', 'default/app'],
      ],
    );
  });

  test('writes to a file that only its owner may read, and over none', async () => {
    await using unit = await Unit.start();
    const stream = await unit.own.openStream('/var/log/a');
    await unit.own.append(stream, 'one\n');
    const out = join(unit.folder, 'records');
    assert.equal((await unit.export({ out })).code, 0);
    assert.deepEqual([readFileSync(out, 'utf8'), statSync(out).mode & 0o777], ['one\n', 0o600]);
    await assert.rejects(unit.export({ out }), /EEXIST/);
  });

  test('goes on behind a batch that cannot be read, and says so', async () => {
    await using unit = await Unit.start();
    const stream = await unit.own.openStream('/var/log/a');
    for (const line of ['one\n', 'two\n', 'three\n']) await unit.own.append(stream, line);
    await unit.own.close();
    const db = openDatabase(bufferFile(unit.folder));
    db.exec("UPDATE bodies SET body = x'00' WHERE batch_id = 2");
    db.close();
    const result = await unit.export();
    assert.deepEqual([result.code, result.bytes.toString()], [1, 'one\nthree\n']);
    assert.match(result.err, /^1 batches could not be read/m);
  });
});

suite('buffer salvage', () => {
  test('is refused while the agent runs, for its own buffer, for what is none, and for what is not there', async () => {
    await using unit = await Unit.start();
    const stream = await unit.own.openStream('/var/log/a');
    await unit.own.append(stream, 'one\n');
    await unit.own.close();
    const file = `${bufferFile(unit.folder)}.damaged-1`;
    copyFileSync(bufferFile(unit.folder), file);
    const lock = lockFolder(unit.folder);
    await assert.rejects(unit.salvage(file), /another tributary-agent is using/);
    lock[Symbol.dispose]();
    const itself = await unit.salvage(bufferFile(unit.folder));
    assert.equal(itself.code, 2);
    assert.match(itself.err, /is the agent's buffer itself/);
    assert.equal((await unit.salvage('/nowhere/buffer.db')).code, 2);
    const garbage = join(unit.folder, 'garbage');
    writeFileSync(garbage, randomBytes(50_000));
    await assert.rejects(unit.salvage(garbage), /nothing of it can be read/);
    mkdirSync(join(unit.folder, 'folder'));
    await assert.rejects(unit.salvage(join(unit.folder, 'folder')));
    const copy = await unit.salvage(file);
    assert.equal(copy.code, 0);
    assert.match(copy.out, /^taken {4}0 records/m);
    assert.match(copy.out, /^present {2}1 runs/m);
    assert.equal((await unit.check()).code, 0);
  });
});
