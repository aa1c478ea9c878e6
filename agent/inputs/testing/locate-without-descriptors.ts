/** Looks for `a.rotated` in a folder, known as `a.log`, while no more files can be opened, afterwards, and when it is removed. Prints what it found. */
import { closeSync, openSync, statSync, unlinkSync } from 'node:fs';
import { join } from 'node:path';
import { FolderIndex } from '../file/folder-index.ts';
import { keyOfIdentity, placeOf } from '../file/identity.ts';

const folder = process.argv[2] ?? '';
const path = join(folder, 'a.rotated');
const noContent = { fingerprint: '', fingerprintLength: 0, base: 0 };
const identity = { path: join(folder, 'a.log'), token: '', ...noContent, ...placeOf(statSync(path, { bigint: true })) };

async function look(): Promise<{ found: boolean; isGone: boolean }> {
  const index = new FolderIndex();
  const found = (await index.locate(identity, keyOfIdentity(identity))) !== undefined;
  return { found, isGone: !found && (await index.isGone(identity, new Set())) };
}

function useUp(): number[] {
  const open: number[] = [];
  for (;;) {
    try {
      open.push(openSync('/dev/null', 'r'));
    } catch {
      return open;
    }
  }
}

// What is loaded when it is first used needs a file itself.
await look();
const open = useUp();
const exhausted = await look();
for (const descriptor of open) closeSync(descriptor);
const afterwards = await look();
unlinkSync(path);
process.stdout.write(JSON.stringify({ exhausted, afterwards, removed: await look() }));
