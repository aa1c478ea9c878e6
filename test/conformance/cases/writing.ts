import { appendFileSync, closeSync, linkSync, openSync, symlinkSync, utimesSync, writeFileSync, writeSync } from 'node:fs';
import { setImmediate } from 'node:timers/promises';
import type { CaseGroup } from '../file-case.ts';
import { others } from '../others.ts';

export const writing: CaseGroup = {
  name: 'writing',
  title: 'How files are written',
  interruption: 'none',
  agent: { buffer: { replay_window: '2s' } },
  broken: {
    change: 'a line is cut when it has as many bytes as it may have, instead of one more (lines.ts)',
    failed: ['line_at_the_limit', 'sparse_hole'],
  },
  cases: [
    {
      name: 'there_before_and_appended',
      title: 'a file that is there before the agent starts, and grows',
      run: async (it) => {
        const log = it.open('app.log');
        log.write(it.lines(100));
        await it.arrived();
        log.write(it.lines(100));
      },
    },
    {
      name: 'born_later',
      title: 'a file that is made while the agent runs',
      run: async (it) => {
        it.open('first.log').write(it.lines(1, 'first'));
        await it.arrived();
        it.open('second.log').write(it.lines(50, 'second'));
      },
    },
    {
      name: 'empty_at_first',
      title: 'a file that is empty when it is found',
      run: async (it) => {
        const log = it.open('app.log');
        await it.found(log.path);
        log.write(it.lines(3));
      },
    },
    {
      name: 'line_in_pieces',
      title: 'a line that is written in three pieces, each after the one before was seen',
      result: 'one record',
      run: async (it) => {
        const log = it.open('app.log');
        log.write(it.lines(1));
        log.write('a line ');
        await it.arrived();
        await it.heldBytes(log.path, 7);
        log.write('in three ');
        await it.heldBytes(log.path, 16);
        log.write('pieces\n');
        it.expect('a line in three pieces\n');
      },
    },
    {
      name: 'byte_by_byte',
      title: 'lines that are written byte by byte',
      run: async (it) => {
        const log = it.open('app.log');
        for (const byte of it.lines(40)) log.write(byte);
        await it.arrived();
        for (const byte of it.lines(40)) log.write(byte);
      },
    },
    {
      name: 'no_final_newline',
      title: 'a last line without newline, and its end after it was sent',
      others: [others.filebeatNoNewline, others.vectorNoNewline],
      result: 'the first part after `idle_flush`, marked partial; the rest as the next record; both once',
      inputs: () => [{ idle_flush: '200ms' }],
      run: async (it) => {
        const log = it.open('app.log');
        log.write(it.lines(2));
        log.write('no newline yet');
        it.expect('no newline yet', 'main', 'partial');
        await it.arrived();
        log.write(' and now\n');
        it.expect(' and now\n');
        log.write(it.lines(2));
      },
    },
    {
      name: 'empty_lines',
      title: 'empty lines, and lines of one byte',
      others: [others.rsyslogEmptyLines],
      run: (it) => {
        const log = it.open('app.log');
        for (let index = 0; index < 500; index += 1) {
          const line = index % 3 === 0 ? '\n' : `${index % 10}\n`;
          it.expect(line);
          log.write(line);
        }
      },
    },
    {
      name: 'crlf',
      title: 'lines that end with CR LF, CR within a line',
      result: 'both bytes are kept; only LF ends a line',
      run: (it) => {
        const log = it.open('app.log');
        for (const line of ['one\r\n', '\r\n', 'progress 1\rprogress 2\r\n', '\r\r\n', 'last\n']) {
          it.expect(line);
          log.write(line);
        }
      },
    },
    {
      name: 'nul_bytes',
      title: 'NUL bytes in lines, and lines of nothing else',
      result: 'every byte is kept',
      run: (it) => {
        const log = it.open('app.log');
        for (const piece of ['a\0b\n', '\0\0\0\n', '\0', 'x\n']) log.write(piece);
        for (const record of ['a\0b\n', '\0\0\0\n', '\0x\n']) it.expect(record);
      },
    },
    {
      name: 'sparse_hole',
      title: 'a hole of 1 MiB in a sparse file',
      how: 'written behind its end through another handle',
      result: 'the hole is read as the NUL bytes that the system gives; max_line_bytes cuts it into records',
      inputs: () => [{ max_line_bytes: '256KiB' }],
      run: (it) => {
        const log = it.open('app.log');
        log.write(it.lines(1));
        const size = Buffer.byteLength('main line 0 of sparse_hole\n');
        const hole = 1 << 20;
        overwrite(log.path, 'behind the hole\n', size + hole);
        const piece = Buffer.alloc(256 << 10);
        // The hole is a multiple of the limit, so the line goes on behind its last piece.
        for (let at = 0; at < hole; at += piece.length) it.expect(piece, 'main', 'partial');
        it.expect('behind the hole\n');
      },
    },
    {
      name: 'binary_garbage',
      title: 'every byte there is, in no order, as somebody’s core dump in the wrong folder',
      result: 'every byte is kept; what lies between two LF is a record',
      run: (it) => {
        const log = it.open('app.log');
        let state = 12_345;
        const bytes = Buffer.alloc(200_000);
        for (let at = 0; at < bytes.length; at += 1) {
          state = (Math.imul(state, 1_103_515_245) + 12_345) >>> 0;
          bytes[at] = state >>> 16;
        }
        bytes[bytes.length - 1] = 10;
        log.write(bytes);
        for (let start = 0; start < bytes.length;) {
          const end = bytes.indexOf(10, start) + 1;
          it.expect(bytes.subarray(start, end));
          start = end;
        }
      },
    },
    {
      name: 'line_at_the_limit',
      title: 'lines of one byte less than max_line_bytes, exactly so long, and one more',
      others: [others.fluentBitLongLine, others.vectorLongLine],
      result: 'longer ones are cut at the limit into records marked partial; nothing is left out',
      inputs: () => [{ max_line_bytes: '4096B' }],
      run: (it) => {
        const log = it.open('app.log');
        for (const length of [4095, 4096, 4097, 8192, 8193]) {
          log.write(`${'x'.repeat(length)}\n`);
          let rest = length;
          for (; rest > 4096; rest -= 4096) it.expect('x'.repeat(4096), 'main', 'partial');
          it.expect(`${'x'.repeat(rest)}\n`);
        }
      },
    },
    {
      name: 'written_in_place',
      title: 'a file into whose middle something is written that was read before',
      result: 'what was read stays as it was; what is appended arrives',
      run: async (it) => {
        const log = it.open('app.log');
        log.write(it.lines(200));
        await it.arrived();
        overwrite(log.path, 'IN PLACE', 4000);
        log.write(it.lines(5));
      },
    },
    {
      name: 'head_rewritten_in_place',
      title: 'a file whose first bytes are rewritten, as a header that counts',
      result:
        'it is another content: an event, and it is read from its beginning as a new stream; nothing is lost, what was read before comes again',
      run: async (it) => {
        const log = it.open('app.log');
        log.write(it.lines(20, 'before'));
        await it.arrived();
        overwrite(log.path, 'BEFORE', 0);
        log.write('more\n');
        await it.told(/other content/);
        it.expect('BEFORE line 0 of head_rewritten_in_place\n', 'again');
        for (let line = 1; line < 20; line += 1) it.expect(`before line ${line} of head_rewritten_in_place\n`, 'before');
        it.expect('more\n', 'again');
      },
    },
    {
      name: 'two_writers',
      title: 'two programs that append to the same file',
      run: async (it) => {
        const log = it.open('app.log');
        for (let round = 0; round < 20; round += 1) {
          log.write(it.lines(5));
          appendFileSync(log.path, it.lines(5));
          if (round === 10) await it.arrived();
        }
      },
    },
    {
      name: 'tiny_files_grow',
      title: 'twenty files that begin with the same few bytes and grow byte by byte',
      others: [others.filebeatSmallFiles],
      how: 'each grows while the agent reads it',
      result: 'each file is a stream of its own from its first byte on',
      run: async (it) => {
        const logs = Array.from({ length: 20 }, (_, index) => it.open(`app-${index}.log`));
        for (let round = 0; round < 4; round += 1) {
          for (const [index, log] of logs.entries()) {
            it.expect(round === 0 ? 'a\n' : `${round} of ${index}\n`, round === 0 ? 'same' : `file ${index}`);
            log.write(round === 0 ? 'a\n' : `${round} of ${index}\n`);
          }
          await it.arrived();
        }
        it.check((arrived) => {
          const streams = new Set(arrived.map(({ stream }) => stream));
          if (streams.size !== 20) throw new Error(`${streams.size} streams instead of 20`);
        });
      },
    },
    {
      name: 'equal_first_kilobytes',
      title: 'two files whose first 4 KB are the same',
      others: [others.vectorSameHead, others.otelSameHead],
      run: async (it) => {
        const header = `# ${'the same header '.repeat(256)}\n`;
        const logs = ['a', 'b'].map((name) => it.open(`${name}.log`));
        for (const log of logs) {
          it.expect(header, 'headers');
          log.write(header);
        }
        await it.arrived();
        for (const [index, log] of logs.entries()) log.write(it.lines(10, `file ${index}`));
      },
    },
    {
      name: 'equal_files',
      title: 'two files with the very same content',
      result: 'both are read: they are two files',
      run: (it) => {
        for (const name of ['a', 'b']) {
          it.open(`${name}.log`).write('one\ntwo\n');
          it.expect('one\n', 'one');
          it.expect('two\n', 'two');
        }
      },
    },
    {
      name: 'more_files_than_handles',
      title: 'a hundred files of which eight may be open, each written again after it was closed',
      inputs: () => [{ open_files_max: 8 }],
      run: async (it) => {
        const logs = Array.from({ length: 100 }, (_, index) => it.open(`app-${index}.log`));
        for (const [index, log] of logs.entries()) log.write(it.lines(3, `file ${index}`));
        await it.arrived();
        for (const [index, log] of logs.entries()) log.write(it.lines(3, `file ${index}`));
      },
    },
    {
      name: 'a_thousand_files',
      title: 'a thousand small files that appear at once',
      others: [others.otelManyFiles, others.rsyslogManyFiles],
      run: (it) => {
        for (let index = 0; index < 1000; index += 1) writeFileSync(it.path(`app-${index}.log`), it.lines(2, `file ${index}`));
      },
    },
    {
      name: 'fast_writer',
      title: 'ten megabytes written as fast as it goes while the agent reads',
      run: async (it) => {
        const log = it.open('app.log');
        for (let round = 0; round < 100; round += 1) {
          const line = `${round} ${'x'.repeat(1000)}\n`;
          for (let index = 0; index < 100; index += 1) it.expect(line);
          log.write(line.repeat(100));
          // Others have their turn, and the agent sees it grow.
          await setImmediate();
        }
      },
    },
    {
      name: 'mtime_of_1970',
      title: 'a file whose times are set to 1970, and one whose times lie in the future',
      how: 'by utimes, before and between writes',
      run: async (it) => {
        const old = it.open('old.log');
        const late = it.open('late.log');
        for (let round = 0; round < 3; round += 1) {
          old.write(it.lines(3, 'old'));
          late.write(it.lines(3, 'late'));
          utimesSync(old.path, 0, 0);
          utimesSync(late.path, 4_000_000_000, 4_000_000_000);
          await it.arrived();
        }
      },
    },
    {
      name: 'hard_link',
      title: 'a file with two names that the glob matches',
      result: 'it is read once',
      run: async (it) => {
        const log = it.open('app.log');
        log.write(it.lines(10));
        linkSync(log.path, it.path('second.log'));
        await it.arrived();
        log.write(it.lines(10));
      },
    },
    {
      name: 'symlink',
      title: 'a link that the glob matches, to a file that it does not match',
      others: [others.filebeatLink],
      run: async (it) => {
        const log = it.open('elsewhere/app.txt');
        symlinkSync(log.path, it.path('app.log'));
        log.write(it.lines(10));
        await it.arrived();
        log.write(it.lines(10));
      },
    },
  ],
};

/** Writes at a place of the file, through a handle of its own. */
function overwrite(path: string, text: string, position: number): void {
  const handle = openSync(path, 'r+');
  writeSync(handle, text, position);
  closeSync(handle);
}
