/** A program whose clock is another than that of this machine, and can be set while it runs: by libfaketime, as a file says. */
import { execFile } from 'node:child_process';
import { globSync, renameSync, writeFileSync } from 'node:fs';
import { promisify } from 'node:util';

const libraries = '/usr/lib/*/faketime/libfaketimeMT.so.1';

/** What goes before its command. Time passes as it does: only what time of day it is changes. */
export function clockCommand(file: string): readonly string[] {
  setClock(file, 0);
  const settings = [`FAKETIME_TIMESTAMP_FILE=${file}`, 'FAKETIME_CACHE_DURATION=1', 'FAKETIME_DONT_FAKE_MONOTONIC=1'];
  return ['env', `LD_PRELOAD=${faketimeLibrary()}`, ...settings];
}

/** So many seconds ahead of this machine. */
export function setClock(file: string, aheadSeconds: number): void {
  writeFileSync(`${file}.new`, `+${aheadSeconds}\n`);
  renameSync(`${file}.new`, file);
}

export async function probeFaketime(): Promise<void> {
  await promisify(execFile)('env', [`LD_PRELOAD=${faketimeLibrary()}`, 'FAKETIME=+2d', 'date']);
}

function faketimeLibrary(): string {
  const [library] = globSync(libraries);
  if (library === undefined) throw new Error(`there is no ${libraries}`);
  return library;
}
