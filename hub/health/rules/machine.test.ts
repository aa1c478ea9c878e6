import assert from 'node:assert/strict';
import { tmpdir } from 'node:os';
import { test } from 'node:test';
import { systemClock } from '@tributary/shared/clock.ts';
import { ManualClock } from '@tributary/shared/testing/manual-clock.ts';
import { eventually } from '../../testing/eventually.ts';
import { healthRules, ruleFacts } from '../../testing/rule-facts.ts';
import { folderPatienceMs } from './limits.ts';
import { type FolderFact, type MachineFacts, MachineLook } from './machine-facts.ts';
import { Machine } from './machine.ts';

function findings(machine: Partial<MachineFacts>): string[] {
  const facts = ruleFacts({ machine: { folders: [], memory: undefined, ...machine } });
  return new Machine().look(facts, healthRules()).map(({ kind, level, subject }) => `${kind} ${level} ${subject}`);
}

function folder(usedPercent: number, changes: Partial<FolderFact> = {}): FolderFact {
  return { name: 'data_dir (/data)', usedPercent, freeBytes: 1_000_000, ...changes };
}

test('disks that fill up are told at the hub, and at the archive where it has one of its own', () => {
  assert.deepEqual(findings({ folders: [folder(84), folder(84, { output: 'archive' })] }), []);
  assert.deepEqual(findings({ folders: [folder(85)] }), ['disk-filling yellow data_dir (/data)']);
  assert.deepEqual(findings({ folders: [folder(96, { output: 'archive' })] }), ['archive-disk-filling red archive']);
});

test('memory that is nearly used up is told', () => {
  assert.deepEqual(findings({ memory: { usedPercent: 89, ownBytes: 1 } }), []);
  assert.deepEqual(findings({ memory: { usedPercent: 90, ownBytes: 1 } }), ['memory yellow memory']);
  assert.deepEqual(findings({ memory: { usedPercent: 98, ownBytes: 1 } }), ['memory red memory']);
});

test('this machine has a disk and memory; of a folder that is not there nothing is said', async () => {
  const look = new MachineLook({ clock: systemClock });
  const folders = [
    { name: 'here', path: tmpdir() },
    { name: 'nowhere', path: '/there/is/no/such/folder' },
  ];
  const { folders: found, memory } = await look.facts(folders, new AbortController().signal);
  assert.deepEqual(
    found.map(({ name }) => name),
    ['here'],
  );
  for (const percent of [found[0]?.usedPercent, memory?.usedPercent])
    assert.ok(percent !== undefined && percent >= 0 && percent <= 100);
});

/** Each look took one of the threads that file systems are asked in, until the hub stood still; nor did it stop. */
test('a file system that does not answer is asked once, and neither the others nor a stop wait for it', async () => {
  const clock = new ManualClock();
  const asked: string[] = [];
  const usageOf = async (path: string): Promise<{ bsize: number; blocks: number; bfree: number; bavail: number }> => {
    asked.push(path);
    if (path === '/away') await new Promise(() => undefined);
    return { bsize: 1, blocks: 100, bfree: 50, bavail: 50 };
  };
  const look = new MachineLook({ clock, usageOf });
  const folders = ['/away', '/here'].map((path) => ({ name: path, path }));
  const stop = new AbortController();
  const first = look.facts(folders, stop.signal);
  await eventually('it waits', () => clock.sleeping === 1);
  clock.advance(folderPatienceMs);
  assert.partialDeepStrictEqual((await first).folders, [{ name: '/here', usedPercent: 50 }]);
  const second = look.facts(folders, stop.signal);
  stop.abort();
  await second;
  assert.deepEqual(asked, ['/away', '/here', '/here']);
});
