import { Writable } from 'node:stream';
import { spec, type TestEvent } from 'node:test/reporters';
import { relative } from 'node:path';

/**
 * Prints a run as Node's own `spec` reporter does, with two differences: before the end stand the slowest tests and what failed
 * outside of tests, and the closing counts (`ℹ tests 12` …) are the very last lines, also when a test failed.
 */
const slowestShown = 10;
const slowestMsMin = 200;
const closingLine = /^(tests|suites|pass|fail|cancelled|skipped|todo|duration_ms) [\d.]+$/;

export interface TestRunSummary {
  readonly failed: number;
  readonly skipped: readonly SkippedTest[];
  readonly total: number;
  readonly interrupted: boolean;
}

export interface SkippedTest {
  readonly name: string;
  readonly file: string;
  readonly reason: string;
}

interface TimedTest {
  readonly name: string;
  readonly file: string;
  readonly durationMs: number;
}

interface Destination {
  write(text: string): unknown;
  readonly isTTY?: boolean;
}

export class TestReport {
  readonly #out: Destination;
  readonly #root: string;
  readonly #spec = new spec();
  readonly #printed: Promise<void>;
  readonly #closing: string[] = [];
  readonly #timed: TimedTest[] = [];
  readonly #skipped: SkippedTest[] = [];
  #failed = 0;
  #total = 0;
  #interrupted = false;

  constructor(out: Destination, root: string) {
    this.#out = out;
    this.#root = root;
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#printed = promise;
    const sink = new Writable({
      decodeStrings: false,
      write: (chunk: string | Buffer, _encoding, done) => {
        out.write(chunk.toString());
        done();
      },
      final: (done) => {
        done();
        resolve();
      },
    });
    this.#spec.pipe(sink);
  }

  write(event: TestEvent): void {
    if (event.type === 'test:diagnostic' && event.data.nesting === 0 && closingLine.test(event.data.message)) {
      this.#closing.push(event.data.message);
      return;
    }
    if (event.type === 'test:pass' || event.type === 'test:fail') this.#note(event);
    // The last summary, which names no file, is that of the whole run.
    if (event.type === 'test:summary' && event.data.file === undefined) {
      this.#failed = event.data.counts.tests - event.data.counts.passed - event.data.counts.skipped - event.data.counts.todo;
      this.#total = event.data.counts.tests;
    }
    if (event.type === 'test:interrupted') this.#interrupted = true;
    this.#spec.write(event);
  }

  /** Ends the report. `remarks` are whole sentences printed before the closing lines. */
  async end(remarks: (summary: TestRunSummary) => readonly string[]): Promise<TestRunSummary> {
    this.#spec.end();
    await this.#printed;
    const summary = { failed: this.#failed, skipped: this.#skipped, total: this.#total, interrupted: this.#interrupted };
    const slowest = this.#timed.toSorted((a, b) => b.durationMs - a.durationMs).slice(0, slowestShown);
    if (slowest.length > 0) this.#out.write('\nslowest tests\n');
    for (const { name, file, durationMs } of slowest) {
      this.#out.write(`${(durationMs / 1000).toFixed(1).padStart(7)} s  ${name}  (${file})\n`);
    }
    for (const remark of remarks(summary)) this.#out.write(`${this.#paint(remark, 31)}\n`);
    this.#out.write('\n');
    for (const line of this.#closing) this.#out.write(`${this.#paint(`ℹ ${line}`, 34)}\n`);
    return summary;
  }

  #note(event: Extract<TestEvent, { type: 'test:pass' | 'test:fail' }>): void {
    const { name, file = '', details, skip } = event.data;
    const place = relative(this.#root, file);
    if (skip !== undefined && skip !== false) {
      this.#skipped.push({ name, file: place, reason: typeof skip === 'string' ? skip : 'no reason given' });
    } else if (details.type !== 'suite' && details.duration_ms >= slowestMsMin) {
      this.#timed.push({ name, file: place, durationMs: details.duration_ms });
    }
  }

  #paint(text: string, color: number): string {
    return this.#out.isTTY === true ? `\u001B[${color}m${text}\u001B[39m` : text;
  }
}
