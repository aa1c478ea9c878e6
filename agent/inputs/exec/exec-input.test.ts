import assert from 'node:assert/strict';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { suite, test } from 'node:test';
import { type Clock, systemClock } from '@tributary/shared/clock.ts';
import type { Input } from '../input.ts';
import { eventually } from '../testing/input-under-test.ts';
import { ManualClock } from '../testing/manual-clock.ts';
import { type RecordedEvent, recordingEvents } from '../testing/recording-events.ts';
import { RecordingSink } from '../testing/recording-sink.ts';
import { createExecInput } from './exec-input.ts';
import type { ExecInputOptions } from './options.ts';

const options: ExecInputOptions = {
  type: 'app',
  labels: {},
  overflow: 'block',
  command: [],
  working_dir: '/',
  stderr: 'log',
  encoding: 'utf-8',
  max_line_bytes: 1000,
};

class ExecUnderTest implements AsyncDisposable {
  readonly folder = mkdtempSync(join(tmpdir(), 'tributary-exec-'));
  readonly sink = new RecordingSink();
  readonly events: RecordedEvent[] = [];
  readonly input: Input;
  readonly run: Promise<void>;
  readonly #abort = new AbortController();

  constructor(given: Partial<ExecInputOptions>, parts: { clock?: Clock; once?: boolean } = {}) {
    const { clock = systemClock, once = false } = parts;
    this.input = createExecInput({
      name: 'test',
      options: { ...options, ...given },
      sink: this.sink,
      events: recordingEvents(this.events),
      clock,
      defaults: { tenant: 'acme', host: 'here', labels: {} },
      once,
    });
    this.run = this.input.run(this.#abort.signal);
  }

  get texts(): readonly string[] {
    return [...this.sink.recorded.values()].flatMap(({ texts }) => texts);
  }

  details(name: RecordedEvent[0]): unknown[] {
    return this.events.flatMap(([event, , detail]) => (event === name ? [detail] : []));
  }

  async stop(): Promise<void> {
    this.#abort.abort();
    await this.run;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop();
    rmSync(this.folder, { recursive: true });
  }
}

/** Whether a process of this number is there and is not merely waiting to be reaped. */
function isAlive(pid: number): boolean {
  if (!existsSync(`/proc/${pid}/stat`)) return false;
  return !/^\d+ \(.*\) Z/.test(readFileSync(`/proc/${pid}/stat`, 'utf8'));
}

suite('exec', { skip: process.platform === 'win32' }, () => {
  test('lines of standard output; arguments go through no shell', async () => {
    await using exec = new ExecUnderTest({ command: ['printf', '%s\n', '$HOME; a', 'b *', 'c\nd'] }, { once: true });
    await exec.input.drained(AbortSignal.timeout(120_000));
    await exec.run;
    assert.deepEqual(exec.texts, ['$HOME; a\n', 'b *\n', 'c\n', 'd\n']);
    assert.deepEqual(exec.details('sourceEnded'), ['exit code 0']);
    const [stream] = exec.sink.recorded.values();
    assert.equal(stream?.identity.path, 'exec:printf %s\n $HOME; a b * c\nd');
    assert.equal(stream.ended, true);
  });

  test('standard error is a stream of its own by choice, else its last line is told', async () => {
    const command = ['sh', '-c', 'echo out; echo first >&2; printf "no newline" >&2; exit 3'];
    await using told = new ExecUnderTest({ command }, { once: true });
    await told.run;
    assert.deepEqual(told.texts, ['out\n']);
    assert.deepEqual(told.details('sourceEnded'), ['exit code 3: no newline']);
    await using kept = new ExecUnderTest({ command, stderr: 'stream' }, { once: true });
    await kept.run;
    const streams = [...kept.sink.recorded.values()].map(({ attributes, texts }) => [attributes.labels, texts]);
    assert.deepEqual(streams, [
      [{}, ['out\n']],
      [{ 'log.iostream': 'stderr' }, ['first\n', 'no newline']],
    ]);
  });

  test('it runs again whenever it ends, in the same stream, with growing waits', async () => {
    const clock = new ManualClock();
    await using exec = new ExecUnderTest({ command: ['echo', 'x'] }, { clock });
    for (let runs = 1; runs <= 4; runs += 1) {
      await eventually(`run ${runs}`, () => {
        clock.advance(100);
        return exec.texts.length >= runs;
      });
    }
    assert.equal(exec.sink.recorded.size, 1);
    const stopping = exec.stop();
    await eventually('it stops', () => {
      clock.advance(1000);
      return exec.input.sources().length === 0;
    });
    await stopping;
  });

  test('it runs at an interval, and not more than once at a time', async () => {
    const clock = new ManualClock();
    await using exec = new ExecUnderTest({ command: ['echo', 'x'], interval: 60_000 }, { clock });
    const endedRuns = (): number => exec.details('sourceEnded').length;
    await eventually('the first run', () => endedRuns() === 1 && clock.sleeping >= 1);
    clock.advance(59_000);
    await eventually('it still sleeps', () => clock.sleeping >= 1);
    assert.equal(endedRuns(), 1);
    clock.advance(1000);
    await eventually('the second run', () => endedRuns() === 2);
    const stopping = exec.stop();
    clock.advance(60_000);
    await stopping;
  });

  test('it runs by a schedule', async () => {
    await using exec = new ExecUnderTest({ command: ['echo', 'x'], schedule: '* * * * * *' });
    await eventually('the schedule is due', () => exec.texts.length > 0);
  });

  test('at the stop the whole process group ends, and what it says then is kept', async () => {
    const script = 'trap "echo bye; exit" TERM; sleep 1000 & echo $!; wait';
    await using exec = new ExecUnderTest({ command: ['sh', '-c', script] });
    await eventually('it started', () => exec.texts.length === 1);
    const child = Number(exec.texts[0]);
    assert.equal(isAlive(child), true);
    await exec.stop();
    assert.deepEqual(exec.texts.slice(1), ['bye\n']);
    await eventually('its child ended', () => !isAlive(child));
  });

  test('a child that does not heed the signal does not outlive the stop', async () => {
    const script = '(trap "" TERM; exec >/dev/null 2>&1; while :; do sleep 0.1; done) & echo $!; wait';
    await using exec = new ExecUnderTest({ command: ['sh', '-c', script] });
    await eventually('it started', () => exec.texts.length === 1);
    await exec.stop();
    await eventually('its child ended', () => !isAlive(Number(exec.texts[0])));
  });

  test('one that goes on writing when it is asked to end does not fill the memory', async () => {
    const script = `trap "" TERM; while :; do yes ${'x'.repeat(900)} 2>/dev/null; done`;
    await using exec = new ExecUnderTest({ command: ['sh', '-c', script] });
    const bytesOf = (): number => [...exec.sink.recorded.values()].reduce((sum, stream) => sum + stream.bytes.length, 0);
    exec.sink.setRoom(false);
    await eventually('it waits', () => exec.sink.pushes > 0);
    const before = bytesOf();
    await exec.stop();
    assert.ok(bytesOf() - before < 2_000_000, `${bytesOf() - before} bytes`);
  });

  test('one that does not end is killed, also when it takes too long', async () => {
    const script = 'trap "" TERM; echo $$; while :; do sleep 0.1; done';
    await using exec = new ExecUnderTest({ command: ['sh', '-c', script], timeout: 100 }, { once: true });
    await exec.run;
    assert.deepEqual(exec.details('sourceEnded'), ['SIGKILL']);
    assert.equal(isAlive(Number(exec.texts[0])), false);
  });

  test('a child that outlives the command does not hold the input', async () => {
    await using exec = new ExecUnderTest({ command: ['sh', '-c', 'sleep 1000 & echo $!'] }, { once: true });
    await exec.run;
    assert.deepEqual(exec.details('sourceEnded'), ['exit code 0']);
    await eventually('its child is killed', () => !isAlive(Number(exec.texts[0])));
  });

  test('one that writes too much is killed, and that is counted', async () => {
    await using exec = new ExecUnderTest({ command: ['yes'], max_output_bytes: 10_000 }, { once: true });
    await exec.run;
    assert.equal(exec.details('lost').length, 1);
    assert.equal(exec.details('sourceEnded').length, 1);
  });

  test('a command that cannot be started is told of once, and tried again', async () => {
    const clock = new ManualClock();
    await using exec = new ExecUnderTest({ command: ['/no/such/program'] }, { clock });
    await eventually('several tries', () => {
      clock.advance(10_000);
      return exec.input.sources()[0]?.state === 'failed' && exec.events.length > 0;
    });
    for (let tries = 0; tries < 20; tries += 1) {
      clock.advance(60_000);
      await new Promise((resolve) => setImmediate(resolve));
    }
    assert.equal(exec.details('sourceFailed').length, 1);
    const stopping = exec.stop();
    clock.advance(60_000);
    await stopping;
  });

  test('while there is no room the command waits', async () => {
    await using exec = new ExecUnderTest({ command: ['yes'] });
    exec.sink.setRoom(false);
    await eventually('it wrote', () => exec.texts.length > 0);
    const before = exec.sink.pushes;
    await new Promise((resolve) => setTimeout(resolve, 50));
    assert.equal(exec.sink.pushes, before);
    await exec.stop();
  });
});
