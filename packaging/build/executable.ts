import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { closeSync, fsyncSync, mkdtempSync, openSync, readFileSync, renameSync, rmSync, writeFileSync, writeSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { promisify } from 'node:util';
import type { Bundle } from './bundle-product.ts';
import { elfMachine, elfSections, stripElf } from './elf.ts';

/** One file that holds Node, the program and its threads. */
export interface ExecutableParts {
  readonly bundle: Bundle;
  readonly nodeBinary: string;
  readonly nodeFlags: readonly string[];
  /**
   * With what V8 makes of the program, so that it is not compiled at each start. V8 takes it in the very Node, and under the very flags, that made it only:
   * `nodeBinary` is the Node that runs now.
   */
  readonly withCodeCache: boolean;
}

const writeChunkBytes = 64 * 1024;

/** Changes with everything that goes into an executable, and with nothing else. */
export function fingerprint(parts: ExecutableParts, target: string): string {
  const { bundle, nodeFlags, withCodeCache } = parts;
  const text = JSON.stringify([
    layoutVersion,
    target,
    process.version,
    nodeFlags,
    withCodeCache,
    bundle.main,
    [...bundle.assets],
  ]);
  return createHash('sha256').update(text).digest('hex').slice(0, 16);
}

/** Raised when this file or elf.ts makes something else of the same parts. */
const layoutVersion = 2;

/** Writes the executable, whole or not at all. */
export async function writeExecutable(output: string, parts: ExecutableParts): Promise<void> {
  const folder = mkdtempSync(join(dirname(output), '.building-'));
  try {
    const place = (name: string, content: string | Buffer, mode = 0o644): string => {
      const path = join(folder, name);
      writeFileSync(path, content, { mode });
      return path;
    };
    const assets = Object.fromEntries([...parts.bundle.assets].map(([name, text]) => [name, place(name, text)]));
    const injected = join(folder, 'injected');
    const config = {
      main: place('main.mjs', parts.bundle.main),
      mainFormat: 'module',
      executable: place('node', stripElf(readFileSync(parts.nodeBinary)), 0o755),
      output: injected,
      disableExperimentalSEAWarning: true,
      useCodeCache: parts.withCodeCache,
      execArgv: parts.nodeFlags,
      execArgvExtension: 'none',
      assets,
    };
    const args = [...parts.nodeFlags, '--build-sea', place('sea.json', JSON.stringify(config))];
    await promisify(execFile)(process.execPath, args, { env: {} });
    const finished = join(folder, basename(output));
    copySynced(injected, finished);
    renameSync(finished, output);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** What a built file says of itself, read from its bytes, so that it also works for another machine's. */
export function inspectExecutable(path: string): { machine: string; isArmed: boolean; hasProgram: boolean } {
  const file = readFileSync(path);
  return {
    machine: elfMachine(file),
    // Node looks for a program inside itself only when this text ends with 1.
    isArmed: /NODE_SEA_FUSE_[0-9a-f]{32}:1/.test(textAround(file, 'NODE_SEA_FUSE_')),
    hasProgram: elfSections(file).some(({ name, size }) => name === '.note.node.sea' && size > 0),
  };
}

/**
 * Written in small pieces and synced. Linux keeps what is written in one large piece in large pages of its cache, and maps them
 * whole into every process that touches a byte of them: measured, 30 MB more resident memory; and unsynced pages count as private.
 */
function copySynced(from: string, to: string): void {
  const content = readFileSync(from);
  const file = openSync(to, 'w', 0o755);
  try {
    for (let offset = 0; offset < content.length;) {
      offset += writeSync(file, content, offset, Math.min(writeChunkBytes, content.length - offset));
    }
    fsyncSync(file);
  } finally {
    closeSync(file);
  }
}

function textAround(file: Buffer, word: string): string {
  const found: string[] = [];
  for (let offset = file.indexOf(word); offset >= 0; offset = file.indexOf(word, offset + 1)) {
    found.push(file.toString('latin1', offset, offset + word.length + 34));
  }
  return found.join('\n');
}
