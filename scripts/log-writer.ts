// A small log writer: `node scripts/log-writer.ts --file FILE [--rate LINES_PER_SECOND] [--rotate-every SECONDS] [--seed N]`.
// Appends lines of an access log until SIGTERM or SIGINT, rotates by rename as logrotate does, and at the end prints one JSON line
// of what it wrote. Every line is written whole.

import { open, rename, type FileHandle } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { AccessLog } from './access-log.ts';

const tickMs = 100;
/** Names in use at a time: access.log, access.log.1 … A file is long read to its end when its name is given to the next. */
const rotatedKept = 9;

const { values } = parseArgs({
  options: {
    file: { type: 'string' },
    rate: { type: 'string', default: '200' },
    'rotate-every': { type: 'string', default: '30' },
    seed: { type: 'string', default: String(Date.now() % 1_000_000_000) },
  },
});
const [rate, rotateEverySeconds, seed] = [Number(values.rate), Number(values['rotate-every']), Number(values.seed)];
if (values.file === undefined || !(rate > 0) || !(rotateEverySeconds > 0) || !Number.isInteger(seed)) {
  process.stderr.write('log-writer: --file FILE [--rate LINES_PER_SECOND] [--rotate-every SECONDS] [--seed N]\n');
  process.exitCode = 2;
} else {
  const stop = new AbortController();
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, () => stop.abort());
  // The starter holds the other end: when it is gone, however it went, writing must end.
  process.on('disconnect', () => stop.abort());
  const written = await writeUntilStopped(values.file, stop.signal);
  process.stdout.write(`${JSON.stringify(written)}\n`);
  if (process.connected) process.disconnect?.();
}

async function writeUntilStopped(path: string, signal: AbortSignal): Promise<{ lines: number; bytes: number; files: number }> {
  const log = new AccessLog(seed);
  let file = await open(path, 'a');
  const written = { lines: 0, bytes: 0, files: 1 };
  const startedMs = performance.now();
  let rotateAtMs = startedMs + rotateEverySeconds * 1000;
  while (!signal.aborted) {
    const nowMs = performance.now();
    if (nowMs >= rotateAtMs) {
      file = await rotate(path, file);
      written.files += 1;
      rotateAtMs = nowMs + rotateEverySeconds * 1000;
    }
    const due = Math.floor(((nowMs - startedMs) / 1000) * rate) - written.lines;
    if (due > 0) {
      const bytes = Buffer.from(linesOf(log, due));
      await file.appendFile(bytes);
      written.lines += due;
      written.bytes += bytes.length;
      process.send?.(written);
    }
    await sleep(tickMs, undefined, { signal }).catch(() => undefined);
  }
  await file.close();
  return written;
}

function linesOf(log: AccessLog, count: number): string {
  const time = new Date();
  return Array.from({ length: count }, () => log.line(time)).join('');
}

async function rotate(path: string, file: FileHandle): Promise<FileHandle> {
  await file.close();
  for (let number = rotatedKept - 1; number >= 1; number -= 1) {
    await rename(`${path}.${number}`, `${path}.${number + 1}`).catch(ignoreMissing);
  }
  await rename(path, `${path}.1`);
  return await open(path, 'a');
}

function ignoreMissing(error: unknown): void {
  if (!(error instanceof Error && 'code' in error && error.code === 'ENOENT')) throw error;
}
