import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { type Clock, systemClock } from '@tributary/shared/clock.ts';
import { createFileInput } from '../file/file-input.ts';
import type { FileInputOptions } from '../file/options.ts';
import type { Input, InputEvents } from '../input.ts';
import { type RecordedEvent, recordingEvents } from './recording-events.ts';
import { RecordingSink } from './recording-sink.ts';

const waitMsMax = 120_000;

/** Resolves as soon as `condition` holds; fails with what it was waiting for after a deadline. */
export async function eventually(what: string, condition: () => boolean | Promise<boolean>): Promise<void> {
  const deadline = performance.now() + waitMsMax;
  while (!(await condition())) {
    if (performance.now() > deadline) assert.fail(`not in time: ${what}`);
    await sleep(5);
  }
}

export const testOptions: FileInputOptions = {
  paths: [],
  exclude: [],
  type: 'app',
  labels: {},
  start: 'beginning',
  encoding: 'utf-8',
  max_line_bytes: 1024,
  // Not reached in a test that does not mean to.
  idle_flush: 3_600_000,
  scan_interval: 20,
  rotated_wait: 3_600_000,
  rotated_files_max: 1000,
  open_files_max: 64,
  watch: 'auto',
  by_path: [],
  compressed: 'auto',
  overflow: 'block',
};

/** A file input on a temporary folder, with a sink that outlives its runs. */
export class InputUnderTest implements AsyncDisposable {
  readonly folder: string;
  readonly events: RecordedEvent[] = [];
  readonly sink: RecordingSink;
  #input: Input | undefined;
  #abort = new AbortController();
  #run: Promise<void> = Promise.resolve();

  private constructor(folder: string, sink: RecordingSink) {
    this.folder = folder;
    this.sink = sink;
  }

  static async make(sink = new RecordingSink()): Promise<InputUnderTest> {
    return new InputUnderTest(await mkdtemp(join(tmpdir(), 'tributary-file-input-')), sink);
  }

  path(name: string): string {
    return join(this.folder, name);
  }

  get input(): Input {
    assert(this.#input !== undefined, 'the input was started');
    return this.#input;
  }

  /** Starts an instance that reads `*.log` unless told otherwise. */
  start(options: Partial<FileInputOptions> = {}, parts: { once?: boolean; clock?: Clock } = {}): void {
    const { once = false, clock = systemClock } = parts;
    this.#abort = new AbortController();
    this.#input = createFileInput({
      name: 'test',
      options: { ...testOptions, paths: [this.path('*.log')], ...options },
      sink: this.sink,
      events: recordingEvents(this.events),
      clock,
      defaults: { tenant: 'acme', host: 'here', labels: { site: 'one' } },
      once,
    });
    this.#run = this.#input.run(this.#abort.signal);
  }

  async stop(): Promise<void> {
    this.#abort.abort();
    await this.#run;
  }

  /** Waits until what was pushed of a path is exactly this. */
  async expect(name: string, text: string): Promise<void> {
    const path = this.path(name);
    await eventually(`${name} is pushed`, () => this.sink.text(path) === text).catch(() => undefined);
    assert.equal(this.sink.text(path), text);
  }

  /** Waits until every file found so far is read to its end. */
  async drained(): Promise<void> {
    await this.input.drained(AbortSignal.timeout(waitMsMax));
  }

  eventsOf(name: keyof InputEvents): readonly RecordedEvent[] {
    return this.events.filter((event) => event[0] === name);
  }

  async expectEvent(name: keyof InputEvents): Promise<RecordedEvent> {
    await eventually(`event ${name}`, () => this.events.some((event) => event[0] === name));
    return this.events.find((event) => event[0] === name) ?? [name, ''];
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop();
    await rm(this.folder, { recursive: true, force: true });
  }
}
