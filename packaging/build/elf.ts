/**
 * As much of the ELF format (64 bits, little-endian) as packaging needs: which machine a program is for, what its sections are, and
 * how to leave out those that only debuggers read. Own code, because a machine with just Node and npm has no `strip`, and the one of
 * this machine may not know the target's architecture.
 */
export interface ElfSection {
  readonly name: string;
  readonly type: number;
  readonly flags: number;
  readonly offset: number;
  readonly size: number;
}

export type ElfMachine = 'x64' | 'arm64';

const machines: Readonly<Record<number, ElfMachine>> = { 0x3e: 'x64', 0xb7: 'arm64' };

const header = { machine: 0x12, programTable: 0x20, sectionTable: 0x28, programSize: 0x36, programCount: 0x38 } as const;
const sectionHeader = { size: 0x3a, count: 0x3c, namesIndex: 0x3e } as const;
const sectionField = { name: 0x00, type: 0x04, flags: 0x08, offset: 0x18, size: 0x20, link: 0x28, info: 0x2c } as const;
const programField = { offset: 0x08, size: 0x20 } as const;

const typeNoBits = 8;
const flagAllocated = 0x2;
const flagInfoIsLink = 0x40;

export function elfMachine(file: Buffer): ElfMachine {
  const magic = file.subarray(0, 6).toString('latin1');
  const machine = magic === '\x7fELF\x02\x01' ? machines[file.readUInt16LE(header.machine)] : undefined;
  if (machine === undefined) throw new Error('this is no ELF program for x64 or arm64');
  return machine;
}

export function elfSections(file: Buffer): ElfSection[] {
  elfMachine(file);
  const headers = sectionHeaders(file);
  const names = headers[file.readUInt16LE(sectionHeader.namesIndex)];
  const namesOffset = names === undefined ? 0 : number64(names, sectionField.offset);
  return headers.map((section) => {
    const nameOffset = namesOffset + section.readUInt32LE(sectionField.name);
    return {
      name: file.subarray(nameOffset, file.indexOf(0, nameOffset)).toString('latin1'),
      type: section.readUInt32LE(sectionField.type),
      flags: number64(section, sectionField.flags),
      offset: number64(section, sectionField.offset),
      size: number64(section, sectionField.size),
    };
  });
}

/** The same program without symbols and debug information: what is not loaded when it runs. */
export function stripElf(file: Buffer): Buffer {
  const sections = elfSections(file);
  const namesIndex = file.readUInt16LE(sectionHeader.namesIndex);
  const kept = sections.flatMap(({ flags }, index) =>
    (flags & flagAllocated) !== 0 || index === 0 || index === namesIndex ? [index] : [],
  );
  const loadedEnd = endOfLoaded(file, sections);
  const names = sections[namesIndex] ?? { offset: 0, size: 0 };
  const namesOffset = loadedEnd;
  const tableOffset = Math.ceil((namesOffset + names.size) / 8) * 8;
  const headers = sectionHeaders(file);
  const headerBytes = file.readUInt16LE(sectionHeader.size);
  const result = Buffer.alloc(tableOffset + kept.length * headerBytes);
  file.copy(result, 0, 0, loadedEnd);
  file.copy(result, namesOffset, names.offset, names.offset + names.size);
  for (const [place, index] of kept.entries()) {
    const section = Buffer.from(headers[index] ?? Buffer.alloc(headerBytes));
    renumber(section, kept);
    if (index === namesIndex) section.writeBigUInt64LE(BigInt(namesOffset), sectionField.offset);
    section.copy(result, tableOffset + place * headerBytes);
  }
  result.writeBigUInt64LE(BigInt(tableOffset), header.sectionTable);
  result.writeUInt16LE(kept.length, sectionHeader.count);
  result.writeUInt16LE(kept.indexOf(namesIndex), sectionHeader.namesIndex);
  return result;
}

function sectionHeaders(file: Buffer): Buffer[] {
  const table = number64(file, header.sectionTable);
  const bytes = file.readUInt16LE(sectionHeader.size);
  const count = file.readUInt16LE(sectionHeader.count);
  return Array.from({ length: count }, (_, index) => file.subarray(table + index * bytes, table + (index + 1) * bytes));
}

/** Sections point at each other by number, and the numbers change when some go. */
function renumber(section: Buffer, kept: readonly number[]): void {
  const renumbered = (index: number): number => Math.max(0, kept.indexOf(index));
  section.writeUInt32LE(renumbered(section.readUInt32LE(sectionField.link)), sectionField.link);
  if ((number64(section, sectionField.flags) & flagInfoIsLink) === 0) return;
  section.writeUInt32LE(renumbered(section.readUInt32LE(sectionField.info)), sectionField.info);
}

function endOfLoaded(file: Buffer, sections: readonly ElfSection[]): number {
  const table = number64(file, header.programTable);
  const bytes = file.readUInt16LE(header.programSize);
  const count = file.readUInt16LE(header.programCount);
  let end = table + bytes * count;
  for (let index = 0; index < count; index += 1) {
    const segment = file.subarray(table + index * bytes, table + (index + 1) * bytes);
    end = Math.max(end, number64(segment, programField.offset) + number64(segment, programField.size));
  }
  for (const { flags, type, offset, size } of sections) {
    if ((flags & flagAllocated) !== 0 && type !== typeNoBits) end = Math.max(end, offset + size);
  }
  return end;
}

/** Offsets and sizes are 64 bits wide; a file of more than 2^53 bytes is not met. */
function number64(buffer: Buffer, offset: number): number {
  return Number(buffer.readBigUInt64LE(offset));
}
