/** What a case works with: its folder, lines that tell where they belong, and the processes as far as it may look at them. */
import { mkdirSync, statSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { until } from '../harness/until.ts';
import { type ArrivedRecord, Expectation } from './expectation.ts';
import type { FileCase } from './file-case.ts';
import { LogFile } from './log-file.ts';
import type { Action, Rendezvous } from './rendezvous.ts';
import type { Pair } from './pair.ts';

const arrivedMsMax = 120_000;
const lossMessage = /data is lost/;

export class CaseRun {
  readonly name: string;
  readonly folder: string;
  readonly expectation = new Expectation();
  readonly pair: Pair;
  readonly #rendezvous: Rendezvous;
  readonly #types: readonly string[];
  readonly #checks: ((arrived: readonly ArrivedRecord[]) => void)[] = [];
  readonly #lines = new Map<string, number>();
  readonly #opened: LogFile[] = [];
  #mayLose = false;

  constructor(options: { fileCase: FileCase; folder: string; pair: Pair; rendezvous: Rendezvous }) {
    const { fileCase, folder, pair, rendezvous } = options;
    this.name = fileCase.name;
    this.folder = folder;
    this.pair = pair;
    this.#rendezvous = rendezvous;
    this.#types = [fileCase.name, ...(fileCase.types ?? [])];
  }

  get channels(): readonly string[] {
    return this.#types.map((type) => `default/${type}`);
  }

  path(...parts: string[]): string {
    return join(this.folder, ...parts);
  }

  /** A file that is appended to through one handle, as a program does; its folder is made if need be. */
  open(name: string): LogFile {
    const path = this.path(name);
    mkdirSync(dirname(path), { recursive: true });
    const file = new LogFile(path);
    this.#opened.push(file);
    return file;
  }

  /** The next lines of a sequence, each with its number. They are expected from now on. */
  lines(count: number, sequence = 'main'): string {
    const first = this.#lines.get(sequence) ?? 0;
    this.#lines.set(sequence, first + count);
    const lines = Array.from({ length: count }, (_, index) => `${sequence} line ${first + index} of ${this.name}\n`);
    for (const line of lines) this.expect(line, sequence);
    return lines.join('');
  }

  /** This record must arrive, behind those of its sequence that were expected before. One character a byte. */
  expect(text: string | Buffer, sequence = 'main', flags = ''): void {
    this.expectation.add(sequence, {
      text: typeof text === 'string' ? Buffer.from(text).toString('latin1') : text.toString('latin1'),
      flags,
    });
  }

  /** Waits until the hub has as many records of this case as were expected so far. */
  async arrived(): Promise<void> {
    const wanted = this.expectation.records;
    const records = (): Promise<number> => this.pair.received(this.channels);
    await until(`${wanted} records of ${this.name} arrive`, async () => (await records()) >= wanted, {
      deadlineMs: arrivedMsMax,
      detail: () => this.pair.tail(this.folder),
    });
  }

  /** Waits until the agent has found a file at this path; the next call waits for another file there. */
  async found(path: string): Promise<void> {
    await until(`the agent finds ${path}`, () => this.pair.foundAnother(path), {
      deadlineMs: arrivedMsMax,
      detail: () => this.pair.tail(this.folder),
    });
  }

  /** Waits until the agent has seen so many bytes of the file that it did not send yet. */
  async heldBytes(path: string, bytes: number): Promise<void> {
    await until(`the agent holds ${bytes} bytes of ${path}`, async () => (await this.pair.lagOf(path)) === bytes, {
      deadlineMs: arrivedMsMax,
      detail: () => this.pair.tail(this.folder),
    });
  }

  /** Waits until the agent has read everything that is in the file now. */
  async readTo(path: string): Promise<void> {
    const { size } = statSync(path);
    await until(`the agent has read ${size} bytes of ${path}`, async () => (await this.pair.positionOf(path)) === size, {
      deadlineMs: arrivedMsMax,
      detail: () => this.pair.tail(this.folder),
    });
  }

  /** Waits until the agent has seen everything that is in the file now, whether or not it holds some of it back. */
  async readUpTo(path: string): Promise<void> {
    const { size } = statSync(path);
    const seen = async (): Promise<boolean> =>
      ((await this.pair.positionOf(path)) ?? 0) + ((await this.pair.lagOf(path)) ?? 0) === size;
    await until(`the agent sees ${size} bytes of ${path}`, seen, {
      deadlineMs: arrivedMsMax,
      detail: () => this.pair.tail(this.folder),
    });
  }

  /** Waits until `archive search` finds so many records with this text, and shows it as text. */
  async searchFinds(text: string, records: number): Promise<void> {
    const found = async (): Promise<boolean> => {
      const { stdout } = await this.pair.hub.search('--type', this.name, text);
      return stdout.split('\n').filter((line) => line.includes(text)).length === records;
    };
    await until(`a search finds ${records} records with ${text}`, found, { deadlineMs: arrivedMsMax, everyMs: 200 });
  }

  /** Waits for a line in the agent's log that names something of this case. */
  async told(message: RegExp, field: string | RegExp = this.folder): Promise<void> {
    await until(`the agent tells ${String(message)} of ${String(field)}`, () => this.pair.told(message, field), {
      deadlineMs: arrivedMsMax,
      detail: () => this.pair.tail(this.folder),
    });
  }

  /** Waits until the agent says that so many bytes of a file of this case are lost, and why. */
  async toldLost(cause: string, bytes: number): Promise<void> {
    this.#mayLose = true;
    await this.told(lossMessage, new RegExp(`${RegExp.escape(this.folder)}.*"cause":"${cause}","bytes":${bytes}\\b`));
  }

  /** A loss that the agent tells of although nothing is missing. */
  falseAlarms(): readonly string[] {
    if (this.#mayLose || !this.pair.told(lossMessage, `${this.folder}/`)) return [];
    return [`a loss was told where there is none: ${this.pair.tail(this.folder)}`];
  }

  /** Has the group's interruption made, and `action` done meanwhile. */
  async interrupted(action: Action): Promise<void> {
    await this.#rendezvous.meet(action);
  }

  /** Looked at when all has arrived, besides what is expected. */
  check(check: (arrived: readonly ArrivedRecord[]) => void): void {
    this.#checks.push(check);
  }

  runChecks(arrived: readonly ArrivedRecord[]): void {
    for (const check of this.#checks) check(arrived);
  }

  closeAll(): void {
    for (const file of this.#opened) file.close();
  }
}
