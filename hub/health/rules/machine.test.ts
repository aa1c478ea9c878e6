import assert from 'node:assert/strict';
import { tmpdir } from 'node:os';
import { test } from 'node:test';
import { healthRules, ruleFacts } from '../../testing/rule-facts.ts';
import { type FolderFact, machineFacts, type MachineFacts } from './machine-facts.ts';
import { Machine } from './machine.ts';

function found(machine: Partial<MachineFacts>): string[] {
  const facts = ruleFacts({ machine: { folders: [], memory: undefined, ...machine } });
  return new Machine().look(facts, healthRules()).map(({ kind, level, subject }) => `${kind} ${level} ${subject}`);
}

function folder(usedPercent: number, changes: Partial<FolderFact> = {}): FolderFact {
  return { name: 'data_dir (/data)', usedPercent, freeBytes: 1_000_000, ...changes };
}

test('disks that fill up are told at the hub, and at the archive where it has one of its own', () => {
  assert.deepEqual(found({ folders: [folder(84), folder(84, { output: 'archive' })] }), []);
  assert.deepEqual(found({ folders: [folder(85)] }), ['disk-filling yellow data_dir (/data)']);
  assert.deepEqual(found({ folders: [folder(96, { output: 'archive' })] }), ['archive-disk-filling red archive']);
});

test('memory that is nearly used up is told', () => {
  assert.deepEqual(found({ memory: { usedPercent: 89, ownBytes: 1 } }), []);
  assert.deepEqual(found({ memory: { usedPercent: 90, ownBytes: 1 } }), ['memory yellow memory']);
  assert.deepEqual(found({ memory: { usedPercent: 98, ownBytes: 1 } }), ['memory red memory']);
});

test('this machine has a disk and memory; of a folder that is not there nothing is said', async () => {
  const { folders, memory } = await machineFacts([
    { name: 'here', path: tmpdir() },
    { name: 'nowhere', path: '/there/is/no/such/folder' },
  ]);
  assert.deepEqual(
    folders.map(({ name }) => name),
    ['here'],
  );
  for (const percent of [folders[0]?.usedPercent, memory?.usedPercent])
    assert.ok(percent !== undefined && percent >= 0 && percent <= 100);
});
