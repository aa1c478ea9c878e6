import { execFile } from 'node:child_process';
import { readFile, stat } from 'node:fs/promises';
import { promisify } from 'node:util';
import { isTakenByAnother } from './linux/taken-pid.ts';
import type { RotationGroupOptions } from './options.ts';

/** The writer could not be told that its log was rotated; `message` says why. */
export class WriterNotToldError extends Error {
  override readonly name = 'WriterNotToldError';
  readonly code = 'WRITER_NOT_TOLD';
}

const commandTimeoutMs = 30_000;

/**
 * Tells the writer to open its log anew. Harmless when it did already. `stop` kills a command: whoever starts next tells again. `files` are
 * those that a process that gets a signal may have open.
 */
export async function tellWriter(
  group: Pick<RotationGroupOptions, 'signal' | 'command' | 'command_timeout'>,
  { files, stop }: { readonly files: readonly string[]; readonly stop: AbortSignal },
): Promise<void> {
  const { signal, command, command_timeout: timeout = commandTimeoutMs } = group;
  if (signal !== undefined) await sendSignal(signal, files);
  if (command !== undefined) await runCommand(command, timeout, stop);
}

async function sendSignal(
  { pid_file: file, name }: NonNullable<RotationGroupOptions['signal']>,
  files: readonly string[],
): Promise<void> {
  let text: string;
  let writtenMs: number;
  try {
    ({ mtimeMs: writtenMs } = await stat(file));
    text = (await readFile(file, 'latin1')).trim();
  } catch (error) {
    throw new WriterNotToldError(`the pid file ${file} cannot be read`, { cause: error });
  }
  // 0 and negative numbers are groups of processes, our own among them.
  if (!/^[1-9]\d{0,9}$/.test(text)) throw new WriterNotToldError(`the pid file ${file} holds no process id`);
  if (process.platform === 'linux' && (await isTakenByAnother(Number(text), writtenMs, files))) {
    throw new WriterNotToldError(`the pid file ${file} is stale: process ${text} began after it was written`);
  }
  try {
    process.kill(Number(text), name);
  } catch (error) {
    throw new WriterNotToldError(`${name} to process ${text} of ${file} failed`, { cause: error });
  }
}

async function runCommand([file = '', ...args]: readonly string[], timeout: number, signal: AbortSignal): Promise<void> {
  try {
    await promisify(execFile)(file, args, { timeout, signal, killSignal: 'SIGKILL', maxBuffer: 1024 * 1024 });
  } catch (error) {
    const stderr = error instanceof Error && 'stderr' in error ? String(error.stderr).trim() : '';
    throw new WriterNotToldError(`the command ${file} failed${stderr === '' ? '' : `: ${stderr}`}`, { cause: error });
  }
}
