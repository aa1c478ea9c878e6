import {
  closeSync,
  copyFileSync,
  ftruncateSync,
  openSync,
  renameSync,
  rmSync,
  truncateSync,
  writeFileSync,
  writeSync,
} from 'node:fs';
import type { CaseGroup } from '../file-case.ts';
import { others } from '../others.ts';

export const truncating: CaseGroup = {
  name: 'truncating',
  title: 'Files that are truncated',
  interruption: 'none',
  broken: {
    change: 'no name is taken for that of a copy (copies.ts)',
    failed: ['copytruncate_copy_in_glob'],
  },
  cases: [
    {
      name: 'copytruncate',
      title: 'copied to a name outside the glob and truncated, five times, by a writer that appends',
      others: [others.filebeatCopytruncate, others.otelCopytruncate, others.rsyslogCopytruncate],
      inputs: (folder) => [{ paths: [`${folder}/*.log`] }],
      run: async (it) => {
        const log = it.open('app.log');
        for (let round = 0; round < 5; round += 1) {
          log.write(it.lines(20 + round));
          await it.arrived();
          copyFileSync(log.path, it.path(`app.${round}`));
          log.truncate();
        }
        log.write(it.lines(20));
      },
    },
    {
      name: 'copytruncate_copy_in_glob',
      title: 'copied to a name that the glob matches, and truncated, five times',
      others: [others.fluentBitRotatedRead, others.filebeatCopy],
      result: 'each line once: the copy is known as what was read',
      run: async (it) => {
        const log = it.open('app.log');
        for (let round = 0; round < 5; round += 1) {
          log.write(it.lines(20 + round));
          await it.arrived();
          copyFileSync(log.path, it.path(`app.log.${round}`));
          log.truncate();
        }
        log.write(it.lines(20));
      },
    },
    {
      name: 'truncated_by_its_program',
      title: 'a program that opens its file anew with O_TRUNC',
      others: [others.fluentBitTruncated, others.rsyslogCopytruncate],
      run: async (it) => {
        it.open('app.log').write(it.lines(30));
        await it.arrived();
        for (let round = 0; round < 4; round += 1) {
          writeFileSync(it.path('app.log'), it.lines(10 + round));
          await it.arrived();
        }
      },
    },
    {
      name: 'truncated_to_nothing',
      title: 'truncated and not written for a while',
      run: async (it) => {
        const log = it.open('app.log');
        log.write(it.lines(10));
        await it.arrived();
        log.truncate();
        await it.told(/truncated/);
        log.write(it.lines(1));
        await it.arrived();
        log.write(it.lines(10));
      },
    },
    {
      name: 'truncated_with_half_a_line',
      title: 'truncated while half a line is in it that was not sent',
      result: 'the half line cannot be had any more: counted as lost, with the cause `truncated`',
      run: async (it) => {
        const log = it.open('app.log');
        log.write(it.lines(5));
        log.write('half a line that nobody');
        await it.arrived();
        await it.heldBytes(log.path, 23);
        log.truncate();
        await it.toldLost('truncated', 23);
        log.write(it.lines(5));
      },
    },
    {
      name: 'truncated_to_its_middle',
      title: 'truncated to half of what was read, and written on',
      result:
        'read from its beginning as a new stream: what is left of it comes again, as nothing tells it from a new content with the same head; nothing is lost',
      run: async (it) => {
        const log = it.open('app.log');
        const kept = it.lines(100, 'kept');
        log.write(kept);
        log.write(it.lines(100, 'cut off'));
        await it.arrived();
        truncateSync(log.path, Buffer.byteLength(kept));
        await it.told(/truncated/);
        for (const line of kept.split(/(?<=\n)/)) it.expect(line, 'kept');
        log.write(it.lines(10, 'kept'));
      },
    },
    {
      name: 'holes_of_a_writer_without_append',
      title: 'truncated under a writer that keeps its own position and does not append',
      how: 'the writer goes on at its old offset, so that NUL bytes fill the file up to there',
      result: 'the NUL bytes arrive before the first new line: they are in the file',
      run: async (it) => {
        const handle = openSync(it.path('app.log'), 'w');
        const before = it.lines(10);
        writeSync(handle, before);
        await it.arrived();
        ftruncateSync(handle, 0);
        writeSync(handle, 'new\n');
        closeSync(handle);
        it.expect(`${'\0'.repeat(Buffer.byteLength(before))}new\n`);
      },
    },
  ],
};

export const betweenLooks: CaseGroup = {
  name: 'between_looks',
  title: 'Files that change between two looks',
  interruption: 'agent-paused',
  broken: {
    change: 'the bytes before the position are not compared (read-turn.ts)',
    failed: ['same_head_longer_unseen'],
  },
  cases: [
    {
      name: 'rewritten_shorter_unseen',
      title: 'truncated and rewritten with less than before',
      others: [others.rsyslogCopytruncate],
      run: async (it) => {
        const log = it.open('app.log');
        log.write(it.lines(50));
        await it.arrived();
        await it.interrupted(() => {
          log.truncate();
          log.write(it.lines(10));
        });
      },
    },
    {
      name: 'rewritten_longer_unseen',
      title: 'truncated and rewritten with more than before: its size never seems to shrink',
      others: [others.vectorTruncated, others.fluentBitTruncated],
      run: async (it) => {
        const log = it.open('app.log');
        log.write(it.lines(10));
        await it.arrived();
        await it.interrupted(() => {
          log.truncate();
          log.write(it.lines(500));
        });
      },
    },
    {
      name: 'rewritten_as_long_unseen',
      title: 'truncated and rewritten with exactly as many bytes as before',
      run: async (it) => {
        const log = it.open('app.log');
        log.write('0 the first content\n1 the first content\n');
        it.expect('0 the first content\n');
        it.expect('1 the first content\n');
        await it.arrived();
        await it.interrupted(() => {
          log.truncate();
          log.write('0 the other content\n1 the other content\n');
        });
        it.expect('0 the other content\n');
        it.expect('1 the other content\n');
      },
    },
    {
      name: 'same_end_unseen',
      title: 'truncated and rewritten with as many bytes, of which the last hundred are the same as before',
      run: async (it) => {
        const log = it.open('app.log');
        const end = `the same end ${'. '.repeat(50)}\n`;
        log.write(it.lines(1, 'before'));
        log.write(end);
        it.expect(end, 'ends');
        await it.arrived();
        await it.interrupted(() => {
          log.truncate();
          log.write(it.lines(1, 'behind'));
          log.write(end);
        });
        it.expect(end, 'ends');
      },
    },
    {
      name: 'same_head_longer_unseen',
      title: 'truncated and rewritten with the same header and other lines, longer than before',
      run: async (it) => {
        const log = it.open('app.log');
        const header = `# ${'a header that is always the same '.repeat(40)}\n`;
        log.write(header);
        it.expect(header, 'headers');
        log.write(it.lines(20, 'before'));
        await it.arrived();
        await it.interrupted(() => {
          log.truncate();
          log.write(header);
          log.write(it.lines(60, 'after'));
        });
        it.expect(header, 'headers');
      },
    },
    {
      name: 'copytruncate_unread_in_glob',
      title: 'written, copied within the glob and truncated before the agent could read it',
      others: [others.filebeatCopytruncate, others.rsyslogCopytruncateRace],
      result: 'what was not read yet is read from the copy, and only that',
      run: async (it) => {
        const log = it.open('app.log');
        log.write(it.lines(10));
        await it.arrived();
        await it.interrupted(() => {
          log.write(it.lines(10));
          copyFileSync(log.path, it.path('app.log.1'));
          log.truncate();
          log.write(it.lines(5, 'new'));
        });
      },
    },
    {
      name: 'rotated_twice_unseen',
      title: 'renamed twice, written and made anew each time',
      run: async (it) => {
        const first = it.open('app.log');
        first.write(it.lines(5, 'first'));
        await it.arrived();
        await it.interrupted(() => {
          first.write(it.lines(5, 'first'));
          first.rename(it.path('app.log.2'));
          const second = it.open('app.log');
          second.write(it.lines(5, 'second'));
          second.rename(it.path('app.log.1'));
          it.open('app.log').write(it.lines(5, 'third'));
        });
      },
    },
    {
      name: 'written_and_deleted_unseen',
      title: 'a file the agent has open is written and deleted',
      run: async (it) => {
        const log = it.open('app.log');
        log.write(it.lines(5));
        await it.arrived();
        await it.interrupted(() => {
          log.write(it.lines(50));
          rmSync(log.path);
        });
      },
    },
    {
      name: 'names_rotate_in_a_circle_unseen',
      title: 'three files that pass their names on in a circle, and all grow',
      run: async (it) => {
        const logs = ['a', 'b', 'c'].map((name) => it.open(`${name}.log`));
        for (const [index, log] of logs.entries()) log.write(it.lines(10, `file ${index}`));
        await it.arrived();
        await it.interrupted(() => {
          renameSync(it.path('a.log'), it.path('spare.txt'));
          renameSync(it.path('b.log'), it.path('a.log'));
          renameSync(it.path('c.log'), it.path('b.log'));
          renameSync(it.path('spare.txt'), it.path('c.log'));
          for (const [index, log] of logs.entries()) log.write(it.lines(10, `file ${index}`));
        });
      },
    },
  ],
};
