import { access } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { listAt, numberAt, parseJson, textAt } from '../json.ts';
import { Program } from '../program.ts';
import { until } from '../until.ts';
import type { AppenderOptions } from './appender.ts';
import type { WrittenFile } from './rotating-file.ts';

const main = fileURLToPath(new URL('./appender.ts', import.meta.url));

/** A running appender. */
export class AppenderHost implements AsyncDisposable {
  readonly #program: Program;

  private constructor(program: Program) {
    this.#program = program;
  }

  /** Resolves when it takes signals. */
  static async start(options: AppenderOptions): Promise<AppenderHost> {
    const program = new Program({ name: 'appender', command: [process.execPath, main], args: [JSON.stringify(options)] });
    const isReady = async (): Promise<boolean> =>
      await access(options.pidFile).then(
        () => true,
        () => !program.running,
      );
    await until('the appender writes its pid', isReady, { detail: () => program.tail() });
    return new AppenderHost(program);
  }

  /** Lets it finish its line and tells what it wrote. */
  async stop(): Promise<readonly WrittenFile[]> {
    const { code } = await this.#program.stop();
    if (code !== 0) throw new Error(`the appender failed\n${this.#program.tail()}`);
    return listAt(parseJson(this.#program.stdout)).map((file) => ({
      stream: numberAt(file, 'stream'),
      generation: numberAt(file, 'generation'),
      path: textAt(file, 'path'),
      bytes: numberAt(file, 'bytes'),
      lines: numberAt(file, 'lines'),
    }));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#program[Symbol.asyncDispose]();
  }
}
