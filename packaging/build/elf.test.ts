import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { suite, test } from 'node:test';
import { elfMachine, elfSections, stripElf } from './elf.ts';

suite('an ELF program', () => {
  const node = readFileSync(process.execPath);

  test('says which machine it is for', () => {
    assert.equal(elfMachine(node), process.arch);
  });

  test('has sections with names', () => {
    const names = elfSections(node).map(({ name }) => name);
    for (const name of ['', '.text', '.rodata', '.dynsym', '.shstrtab']) assert.ok(names.includes(name), name);
  });

  test('loses symbols and debug information, and nothing that is loaded', () => {
    const stripped = stripElf(node);
    assert.ok(stripped.length < node.length);
    const before = elfSections(node);
    const after = elfSections(stripped);
    assert.deepEqual(
      after.map(({ name }) => name),
      before.filter(({ name, flags }) => (flags & 2) !== 0 || name === '' || name === '.shstrtab').map(({ name }) => name),
    );
    for (const name of ['.text', '.rodata', '.data', '.dynsym'])
      assert.ok(dataOf(node, name).equals(dataOf(stripped, name)), name);
  });

  test('that was stripped already stays as it is', () => {
    const stripped = stripElf(node);
    assert.ok(stripElf(stripped).equals(stripped));
  });
});

test('something else is refused', () => {
  for (const content of [Buffer.alloc(0), Buffer.from('#!/bin/sh\n'.repeat(20)), Buffer.alloc(64, 0x7f)]) {
    assert.throws(() => elfMachine(content), /no ELF program/);
  }
});

function dataOf(file: Buffer, name: string): Buffer {
  const section = elfSections(file).find((other) => other.name === name);
  assert.ok(section !== undefined);
  return file.subarray(section.offset, section.offset + section.size);
}
