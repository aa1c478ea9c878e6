/** Python, which judges what our programs wrote: its csv module and its JSON are not ours. */
import { execFile } from 'node:child_process';
import { promisify } from 'node:util';

const run = promisify(execFile);

let program: Promise<string> | undefined;

/** Python itself. `python3` may be a shell script that looks for it anew each time, and takes several times as long as what it starts. */
export function pythonProgram(): Promise<string> {
  program ??= run('python3', ['-c', 'import csv, sys; print(sys.executable)']).then(({ stdout }) => stdout.trim());
  // It may be installed in the meantime.
  program.catch(() => (program = undefined));
  return program;
}

/** What a script of ours prints. It leaves no files. */
export async function runPython(script: string, args: readonly string[], bytesMax: number = 1 << 24): Promise<string> {
  const { stdout } = await run(await pythonProgram(), ['-B', script, ...args], { maxBuffer: bytesMax });
  return stdout;
}
