import type { FileCase, CaseGroup } from '../file-case.ts';
import { others } from '../others.ts';

const texts = ['Grüße aus Köln\n', 'ein "Zitat", mit Komma\n', '漢字かな ∀x ਊ\n', '\n', 'plain ASCII\r\n'];

function be(text: string): Buffer {
  return Buffer.from(text, 'utf16le').swap16();
}

function le(text: string): Buffer {
  return Buffer.from(text, 'utf16le');
}

export const encodings: CaseGroup = {
  name: 'encodings',
  title: 'Encodings',
  interruption: 'agent-stopped',
  broken: {
    change: 'UTF-16 is read as lines of bytes (create-framing.ts)',
    failed: ['utf16_in_pieces', 'utf16_too_long', 'utf16be', 'utf16le', 'utf16le_with_mark'],
  },
  cases: [
    inUtf16('utf16le', 'utf-16le', le),
    inUtf16('utf16be', 'utf-16be', be),
    {
      name: 'utf16le_with_mark',
      title: 'UTF-16LE with a byte order mark, as Windows programs write it',
      others: [others.fluentBitUtf16],
      result: 'the mark is part of the first record, as it is in the file; search shows text',
      inputs: () => [{ encoding: 'utf-16le' }],
      run: async (it) => {
        const log = it.open('app.log');
        const first = Buffer.concat([Buffer.from([0xff, 0xfe]), le('erste Zeile äöü\r\n')]);
        log.write(first);
        it.expect(first, 'main', 'encoding:utf-16le');
        await it.arrived();
        for (const text of texts) {
          log.write(le(text));
          it.expect(le(text), 'main', 'encoding:utf-16le');
        }
        await it.arrived();
        await it.searchFinds('erste Zeile äöü', 1);
      },
    },
    {
      name: 'utf16_in_pieces',
      title: 'UTF-16LE that is written byte by byte, with characters that hold the byte of a newline',
      result: 'only the character LF ends a record',
      inputs: () => [{ encoding: 'utf-16le' }],
      run: async (it) => {
        const log = it.open('app.log');
        for (const text of ['aਊbĊc\n', 'ਊਊ\n']) {
          it.expect(le(text), 'main', 'encoding:utf-16le');
          for (const byte of le(text)) log.write(Buffer.from([byte]));
          await it.arrived();
        }
      },
    },
    {
      name: 'utf16_rotated_and_restarted',
      title: 'UTF-16BE with half a line at a rename and at a stop',
      inputs: () => [{ encoding: 'utf-16be' }],
      result: 'each line once, none is cut within a character',
      run: async (it) => {
        const log = it.open('app.log');
        const whole = be('eine Zeile in zwei Hälften\n');
        log.write(whole.subarray(0, 21));
        await it.readUpTo(log.path);
        log.rename(it.path('app.log.1'));
        await it.interrupted(() => log.write(whole.subarray(21)));
        it.expect(whole, 'main', 'encoding:utf-16be');
      },
    },
    {
      name: 'utf16_too_long',
      title: 'a line in UTF-16LE of more than max_line_bytes',
      inputs: () => [{ encoding: 'utf-16le', max_line_bytes: '1024B' }],
      result: 'cut between characters',
      run: (it) => {
        const log = it.open('app.log');
        const line = le(`${'ä'.repeat(1200)}\n`);
        log.write(line);
        it.expect(line.subarray(0, 1024), 'main', 'encoding:utf-16le partial');
        it.expect(line.subarray(1024, 2048), 'main', 'encoding:utf-16le partial');
        it.expect(line.subarray(2048), 'main', 'encoding:utf-16le');
      },
    },
    {
      name: 'latin1',
      title: 'ISO 8859-1',
      inputs: () => [{ encoding: 'iso-8859-1' }],
      result: 'the bytes are kept; search shows text',
      run: async (it) => {
        const log = it.open('app.log');
        const line = Buffer.from('Größe: 5 µm, 20 °C\n', 'latin1');
        log.write(line);
        it.expect(line, 'main', 'encoding:iso-8859-1');
        await it.arrived();
        await it.searchFinds('Größe: 5 µm', 1);
      },
    },
    {
      name: 'shift_jis',
      title: 'Shift_JIS, whose second bytes are ASCII signs',
      inputs: () => [{ encoding: 'shift_jis' }],
      result: 'the bytes are kept; search shows text',
      run: async (it) => {
        const log = it.open('app.log');
        // 表示: its first character ends with the byte of a backslash.
        const line = Buffer.from([0x95, 0x5c, 0x8e, 0xa6, 0x0a]);
        log.write(line);
        it.expect(line, 'main', 'encoding:shift_jis');
        await it.arrived();
        await it.searchFinds('表示', 1);
      },
    },
    {
      name: 'utf8_with_mark',
      title: 'UTF-8 with a byte order mark',
      result: 'the mark is part of the first record, as it is in the file',
      run: (it) => {
        const log = it.open('app.log');
        for (const text of ['\ufefferste Zeile\n', ...texts]) {
          log.write(text);
          it.expect(text);
        }
      },
    },
    {
      name: 'broken_utf8',
      title: 'bytes that are no UTF-8, and characters that are cut by a rename',
      result: 'every byte is kept',
      run: async (it) => {
        const log = it.open('app.log');
        const line = Buffer.from([0xc3, 0x28, 0xf0, 0x9f, 0x0a]);
        log.write(line);
        it.expect(line);
        const half = Buffer.from('Köln\n');
        log.write(half.subarray(0, 2));
        await it.arrived();
        log.rename(it.path('app.log.1'));
        log.write(half.subarray(2));
        it.expect(half);
      },
    },
  ],
};

function inUtf16(name: string, encoding: string, encode: (text: string) => Buffer): FileCase {
  return {
    name,
    title: `${encoding.toUpperCase()} without a byte order mark, across a stop`,
    result: 'the bytes are kept; search shows text',
    inputs: () => [{ encoding }],
    run: async (it) => {
      const log = it.open('app.log');
      const write = (): void => {
        for (const text of texts) {
          log.write(encode(text));
          it.expect(encode(text), 'main', `encoding:${encoding}`);
        }
      };
      write();
      await it.arrived();
      await it.interrupted(write);
      await it.arrived();
      await it.searchFinds('漢字かな ∀x', 2);
    },
  };
}
