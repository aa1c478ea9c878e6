/** The journald input on real journal files, read by the real journalctl. */
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { readdir, readFile, rename, rm } from 'node:fs/promises';
import { suite, test } from 'node:test';
import { promisify } from 'node:util';
import { markOf } from '@tributary/protocol/mark.ts';
import { systemClock } from '@tributary/shared/clock.ts';
import { filtersOption } from '@tributary/agent/framing/framing-options.ts';
import type { Input, InputEvents } from '@tributary/agent/inputs/input.ts';
import { createJournaldInput } from '@tributary/agent/inputs/journald/journald-input.ts';
import type { JournaldInputOptions } from '@tributary/agent/inputs/journald/options.ts';
import { type RecordedEvent, recordingEvents } from '@tributary/agent/inputs/testing/recording-events.ts';
import { RecordingSink } from '@tributary/agent/inputs/testing/recording-sink.ts';
import { isObject, parseJson, textAt } from '../harness/json.ts';
import { type JournalFields, JournalWriter } from '../harness/journal-writer.ts';
import { requireTool } from '../harness/require.ts';
import { Scratch } from '../harness/scratch.ts';
import { until } from '../harness/until.ts';

const defaults: Omit<JournaldInputOptions, 'directory'> = {
  type: 'journal',
  labels: {},
  overflow: 'block',
  start: 'beginning',
  units: [],
  identifiers: [],
  boot: 'all',
  matches: [],
  max_field_bytes: 65_536,
};

class JournalUnderTest implements AsyncDisposable {
  readonly scratch: Scratch;
  readonly folder: string;
  readonly sink = new RecordingSink();
  readonly events: RecordedEvent[] = [];
  #input: Input | undefined;
  #abort = new AbortController();
  #run: Promise<void> = Promise.resolve();

  private constructor(scratch: Scratch, folder: string) {
    this.scratch = scratch;
    this.folder = folder;
  }

  static async make(): Promise<JournalUnderTest> {
    const scratch = await Scratch.make();
    return new JournalUnderTest(scratch, await scratch.folder('journal'));
  }

  file(name: string): string {
    return `${this.folder}/${name}.journal`;
  }

  async write(name: string, entries: readonly JournalFields[], bootId?: string): Promise<void> {
    await using writer = new JournalWriter(this.file(name), bootId);
    await writer.write(...entries);
  }

  get input(): Input {
    assert(this.#input !== undefined);
    return this.#input;
  }

  start(options: Partial<JournaldInputOptions> = {}, parts: { once?: boolean } = {}): void {
    this.#abort = new AbortController();
    const { once = false } = parts;
    this.#input = createJournaldInput({
      name: 'test',
      options: { ...defaults, directory: this.folder, ...options },
      sink: this.sink,
      events: recordingEvents(this.events),
      clock: systemClock,
      defaults: { tenant: 'acme', host: 'here', labels: {} },
      once,
    });
    this.#run = this.#input.run(this.#abort.signal);
  }

  async stop(): Promise<void> {
    this.#abort.abort();
    await this.#run;
  }

  async drained(): Promise<void> {
    await this.input.drained(AbortSignal.timeout(120_000));
  }

  get records(): readonly unknown[] {
    return [...this.sink.recorded.values()]
      .flatMap((stream) => stream.texts)
      .map((text) => parseJson(Buffer.from(text, 'latin1').toString()));
  }

  get messages(): readonly string[] {
    return this.records.map((record) => textAt(record, 'MESSAGE'));
  }

  async expect(messages: readonly string[]): Promise<void> {
    const detail = (): string => JSON.stringify([this.messages, this.events]);
    await until('all of the journal is pushed', () => this.messages.length >= messages.length, { detail, deadlineMs: 120_000 });
    assert.deepEqual(this.messages, messages);
  }

  eventsOf(name: keyof InputEvents): readonly RecordedEvent[] {
    return this.events.filter((event) => event[0] === name);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop();
    await this.scratch[Symbol.asyncDispose]();
  }
}

function numbered(from: number, to: number, more: JournalFields = {}): JournalFields[] {
  return Array.from({ length: to - from }, (_, index) => ({ MESSAGE: `message ${from + index}`, ...more }));
}

function texts(from: number, to: number): string[] {
  return Array.from({ length: to - from }, (_, index) => `message ${from + index}`);
}

/** Values that journalctl shows as arrays of bytes, as text: it does so with control characters too. */
function withText(value: unknown): unknown {
  if (!isObject(value)) return value;
  return Object.fromEntries(Object.entries(value).map(([name, field]) => [name, isBytes(field) ? Buffer.from(field) : field]));
}

function isBytes(value: unknown): value is number[] {
  return Array.isArray(value) && value.every((byte) => typeof byte === 'number');
}

suite('a journal', { skip: await requireTool('systemd-journal-remote') }, () => {
  test('is read to its end and followed, with what journalctl shows of each entry', async () => {
    await using own = await JournalUnderTest.make();
    await using writer = new JournalWriter(own.file('a'));
    await writer.write(
      { MESSAGE: 'plain', PRIORITY: '6', SYSLOG_IDENTIFIER: 'app', _SYSTEMD_UNIT: 'app.service' },
      { MESSAGE: 'two\nlines', _PID: '7' },
      { MESSAGE: 'grüße', BINARY: Buffer.from([0xff, 0, 10, 0x41, 0xfe]), REPEATED: ['one', 'two'] },
    );
    own.start();
    await own.expect(['plain', 'two\nlines', 'grüße']);
    await writer.write({ MESSAGE: 'later' });
    await own.expect(['plain', 'two\nlines', 'grüße', 'later']);
    const args = [`--directory=${own.folder}`, '--output=json', '--all', '--no-pager', '--merge'];
    const { stdout } = await promisify(execFile)('journalctl', args);
    const shown = stdout
      .trim()
      .split('\n')
      .map((line) => withText(parseJson(line)));
    assert.deepEqual(own.records.map(withText), shown);
  });

  test('goes on behind the entry that is durable, whatever was pushed after it', async () => {
    await using own = await JournalUnderTest.make();
    await own.write('a', numbered(0, 10));
    own.start();
    await own.expect(texts(0, 10));
    await own.stop();
    const durable = own.sink.snapshot();
    await own.write('b', numbered(10, 20));
    own.start();
    await own.expect(texts(0, 20));
    await own.stop();
    own.sink.restore(durable);
    own.start();
    await own.expect(texts(0, 20));
    assert.equal(own.sink.recorded.size, 1);
  });

  test('goes on where the site is when the token is older than the position, and when it is newer', async () => {
    await using own = await JournalUnderTest.make();
    await own.write('a', numbered(0, 30));
    own.start();
    await own.expect(texts(0, 30));
    await own.stop();
    const [stream] = own.sink.recorded.values();
    assert(stream !== undefined);
    const token = stream.identity.token;
    stream.identity = { ...stream.identity, token: '0 ' };
    await own.write('b', numbered(30, 40));
    own.start();
    await own.expect(texts(0, 40));
    await own.stop();
    // The site has the first 30 and a token of the 40th, and the buffer with the ten between is lost.
    own.sink.restore([{ ...stream, position: 30, texts: stream.texts.slice(0, 30), mark: markAfter(own, 30) }]);
    assert.notEqual(stream.identity.token, token);
    own.start();
    await own.expect(texts(0, 40));
    assert.deepEqual(own.eventsOf('lost'), []);
    assert.equal(own.sink.recorded.size, 1);
  });

  test('is read on at the oldest entry when the cursor was vacuumed, and the loss is declared', async () => {
    await using own = await JournalUnderTest.make();
    await own.write('a', numbered(0, 5));
    own.start();
    await own.expect(texts(0, 5));
    await own.stop();
    await using writer = new JournalWriter(own.file('b'));
    await writer.write(...numbered(5, 8));
    await until('the new file is there', async () => (await messagesIn(own.folder)).length === 8);
    await rm(own.file('a'));
    own.start();
    await own.expect([...texts(0, 5), ...texts(5, 8)]);
    const [lost] = own.eventsOf('lost');
    assert.deepEqual(lost?.[2], { cause: 'source-lost', bytes: 0 }, 'another sequence: nothing tells how many');
  });

  test('of which only entries were vacuumed that had been read is no loss', async () => {
    await using own = await JournalUnderTest.make();
    await using writer = new JournalWriter(own.file('a'));
    await writer.write(...numbered(0, 5));
    own.start();
    await own.expect(texts(0, 5));
    await own.stop();
    // The cursor is that of an entry that was just before the oldest one there is.
    const [stream] = own.sink.recorded.values();
    assert(stream !== undefined);
    const token = stream.identity.token.replace(/;i=\w+;/, ';i=0;').replace(/;x=\w+$/, ';x=1');
    stream.identity = { ...stream.identity, token };
    own.start();
    await own.expect([...texts(0, 5), ...texts(0, 5)]);
    assert.deepEqual(own.eventsOf('lost'), []);
  });

  test('goes on through rotation, several boots, and files of other machines in the folder', async () => {
    await using own = await JournalUnderTest.make();
    const boot = 'ab'.repeat(16);
    own.start();
    {
      await using writer = new JournalWriter(own.file('system'), boot);
      await writer.write(...numbered(0, 3));
      await own.expect(texts(0, 3));
    }
    await rename(own.file('system'), own.file('system@1'));
    {
      await using writer = new JournalWriter(own.file('system'), boot);
      await writer.write(...numbered(3, 6));
      await own.expect(texts(0, 6));
    }
    await own.write('other-boot', numbered(6, 9));
    await own.expect(texts(0, 9));
    await own.stop();
    own.start();
    await own.drained();
    await own.expect(texts(0, 9));
  });

  test('is left out by message and masked, and what was left out does not come again', async () => {
    await using own = await JournalUnderTest.make();
    await using writer = new JournalWriter(own.file('a'));
    const filters = filtersOption.parse({ exclude: ['^debug'], redact: { patterns: ['(?<=key=)\\w+'] } });
    const log = (message: string): JournalFields => ({ MESSAGE: message, _CMDLINE: 'run key=1' });
    await writer.write(log('one'), log('debug two'), log('three key=abc'), log('debug four'));
    own.start({ filters });
    await own.drained();
    await own.expect(['one', 'three key=***']);
    assert.deepEqual(
      own.records.map((record) => textAt(record, '_CMDLINE')),
      ['run key=*', 'run key=*'],
    );
    await own.stop();
    await writer.write(log('debug five'), log('six'));
    own.start({ filters });
    await own.expect(['one', 'three key=***', 'six']);
    assert.equal(own.sink.recorded.size, 1);
    assert.deepEqual(own.eventsOf('lost'), []);
  });

  test('is drained also while it is written to, when what was last is read together with what came after it', async () => {
    await using own = await JournalUnderTest.make();
    await using writer = new JournalWriter(own.file('a'));
    await writer.write(...numbered(0, 1));
    own.start();
    await own.expect(texts(0, 1));
    let [written, isDrained] = [1, false];
    await writer.write(...numbered(written, (written += 20)));
    const drained = own.drained().finally(() => (isDrained = true));
    const writeOn = async (): Promise<boolean> => {
      if (!isDrained) await writer.write(...numbered(written, (written += 20)));
      return isDrained;
    };
    await until('it is drained', writeOn, { everyMs: 1 });
    await drained;
    await own.expect(texts(0, written));
  });

  test('is filtered by unit, identifier, priority and field, and passes by what does not fit at the cursor', async () => {
    await using own = await JournalUnderTest.make();
    await using writer = new JournalWriter(own.file('a'));
    const of = (unit: string, priority: string, message: string): JournalFields => ({
      MESSAGE: message,
      PRIORITY: priority,
      SYSLOG_IDENTIFIER: unit,
      _SYSTEMD_UNIT: `${unit}.service`,
      _UID: unit === 'web' ? '33' : '0',
    });
    await writer.write(of('web', '3', 'a'), of('db', '3', 'b'), of('web', '7', 'c'), of('web', '0', 'd'));
    own.start({ units: ['web.service'], identifiers: ['web', 'other'], priority: 'err', matches: ['_UID=33', '_UID=34'] });
    await own.expect(['a', 'd']);
    await own.stop();
    await writer.write(of('db', '3', 'e'), of('web', '3', 'f'));
    own.start({ units: ['web.service'], identifiers: ['web', 'other'], priority: 'err', matches: ['_UID=33', '_UID=34'] });
    await own.expect(['a', 'd', 'f']);
    assert.deepEqual(own.eventsOf('lost'), []);
  });

  test('is not read again when the filters are changed', async () => {
    await using own = await JournalUnderTest.make();
    await using writer = new JournalWriter(own.file('a'));
    await writer.write({ MESSAGE: 'a', PRIORITY: '3' }, { MESSAGE: 'b', PRIORITY: '6' });
    own.start({ priority: 'err' });
    await own.expect(['a']);
    await own.stop();
    await writer.write({ MESSAGE: 'c', PRIORITY: '3' });
    own.start({});
    await own.expect(['a', 'b', 'c']);
    assert.deepEqual(
      [...own.sink.recorded.values()].map(({ ended }) => ended),
      [true, false],
    );
  });

  test('begins at its end when told so, also if the agent stops before anything comes', async () => {
    await using own = await JournalUnderTest.make();
    await using writer = new JournalWriter(own.file('a'));
    await writer.write(...numbered(0, 3));
    await until('the file is written', async () => (await messagesIn(own.folder)).length === 3);
    own.start({ start: 'end' });
    await own.drained();
    await own.stop();
    await writer.write(...numbered(3, 5));
    own.start({ start: 'end' });
    await own.expect(texts(3, 5));
  });

  test('is followed again when journalctl dies, and a missing folder is trouble told once', async () => {
    await using own = await JournalUnderTest.make();
    await own.write('a', numbered(0, 2));
    await rename(own.folder, `${own.folder}-away`);
    own.start();
    await until('the trouble is told', () => own.eventsOf('sourceFailed').length === 1);
    await rename(`${own.folder}-away`, own.folder);
    await own.expect(texts(0, 2));
    const pid = await childWith(own.folder);
    process.kill(pid, 'SIGKILL');
    await own.write('b', numbered(2, 4));
    await own.expect(texts(0, 4));
    await own.stop();
    await assert.rejects(childWith(own.folder), 'no journalctl is left');
  });

  test('waits while there is no room', async () => {
    await using own = await JournalUnderTest.make();
    await own.write('a', numbered(0, 5000, { FILLER: 'x'.repeat(500) }));
    own.sink.setRoom(false);
    own.start();
    await until('something is pushed', () => own.sink.pushes > 0);
    const { pushes } = own.sink;
    assert.equal(pushes, 1);
    own.sink.setRoom(true);
    await own.drained();
    await own.expect(texts(0, 5000));
  });

  test('has long values cut, which is noted and counted', async () => {
    await using own = await JournalUnderTest.make();
    await own.write('a', [{ MESSAGE: 'ü'.repeat(100_000), BINARY: Buffer.alloc(5000, 0xff) }]);
    own.start({ max_field_bytes: 1024 });
    await until('it is pushed', () => own.records.length === 1);
    const [record] = own.records;
    assert.equal(textAt(record, 'MESSAGE'), 'ü'.repeat(512));
    assert(isObject(record) && isBytes(record['BINARY']) && record['BINARY'].length === 1024);
    assert.deepEqual(record['_TRIBUTARY_CUT'], { MESSAGE: 200_000, BINARY: 5000 });
    assert.deepEqual(own.eventsOf('lost')[0]?.[2], { cause: 'too-large', bytes: 200_000 + 5000 - 2048, records: 0 });
  });

  test('that is read once ends by itself', async () => {
    await using own = await JournalUnderTest.make();
    await own.write('a', numbered(0, 10));
    own.start({}, { once: true });
    await own.expect(texts(0, 10));
    await own.drained();
  });
});

async function messagesIn(folder: string): Promise<readonly string[]> {
  const args = [`--directory=${folder}`, '--output=json', '--no-pager', '--merge', '--quiet'];
  const { stdout } = await promisify(execFile)('journalctl', args, { maxBuffer: 1 << 28 });
  return stdout
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => textAt(parseJson(line), 'MESSAGE'));
}

/** The journalctl that this process started for a folder. */
async function childWith(folder: string): Promise<number> {
  for (const pid of (await readdir('/proc')).filter((name) => /^\d+$/.test(name))) {
    const command = await readFile(`/proc/${pid}/cmdline`, 'utf8').catch(() => '');
    const stat = await readFile(`/proc/${pid}/stat`, 'utf8').catch(() => '');
    const [, parent] = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    if (command.includes(folder) && Number(parent) === process.pid) return Number(pid);
  }
  throw new Error(`no child reads ${folder}`);
}

function markAfter(own: JournalUnderTest, records: number): string {
  const [stream] = own.sink.recorded.values();
  return markOf(Buffer.from(stream?.texts[records - 1] ?? '', 'latin1'));
}
