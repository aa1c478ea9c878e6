import { copyFileSync, mkdirSync, renameSync, rmSync, statSync, symlinkSync, utimesSync, writeFileSync } from 'node:fs';
import { gzipSync, zstdCompressSync } from 'node:zlib';
import { fileWithInode } from '../file-with-inode.ts';
import type { CaseGroup } from '../file-case.ts';
import { others } from '../others.ts';

export const whileStopped: CaseGroup = {
  name: 'while_stopped',
  title: 'What happens to files while no agent runs',
  interruption: 'agent-stopped',
  broken: {
    change:
      'a file that is long enough is taken for the one that was read (identity.ts); what the reader compares by itself finds the others',
    failed: ['chain_while_stopped'],
  },
  cases: [
    {
      name: 'appended_while_stopped',
      title: 'a file that grows',
      run: async (it) => {
        const log = it.open('app.log');
        log.write(it.lines(20));
        await it.arrived();
        await it.interrupted(() => log.write(it.lines(20)));
        await it.arrived();
        log.write(it.lines(20));
      },
    },
    {
      name: 'made_while_stopped',
      title: 'a file that is made',
      run: async (it) => {
        it.open('first.log').write(it.lines(5, 'first'));
        await it.arrived();
        await it.interrupted(() => it.open('second.log').write(it.lines(20, 'second')));
      },
    },
    {
      name: 'renamed_while_stopped',
      title: 'renamed within the glob with lines that were not read, and made anew',
      others: [others.rsyslogStopped],
      run: async (it) => {
        const log = it.open('app.log');
        log.write(it.lines(20, 'old'));
        await it.arrived();
        await it.interrupted(() => {
          log.write(it.lines(20, 'old'));
          log.rename(it.path('app.log.1'));
          it.open('app.log').write(it.lines(50, 'new'));
        });
      },
    },
    {
      name: 'renamed_away_while_stopped',
      title: 'renamed to a name outside the glob with lines that were not read, and made anew',
      others: [others.rsyslogStopped, others.alloyRotatedStopped],
      how: 'the folder is looked through for the inode',
      inputs: (folder) => [{ paths: [`${folder}/*.log`] }],
      run: async (it) => {
        const log = it.open('app.log');
        log.write(it.lines(20, 'old'));
        await it.arrived();
        await it.interrupted(() => {
          log.write(it.lines(20, 'old'));
          log.rename(it.path('app.rotated'));
          it.open('app.log').write(it.lines(50, 'new'));
        });
      },
    },
    {
      name: 'chain_while_stopped',
      title: 'three rotations of a chain within the glob',
      others: [others.rsyslogStopped, others.filebeatResends],
      run: async (it) => {
        const first = it.open('app.log');
        first.write(it.lines(20, 'generation 0'));
        await it.arrived();
        await it.interrupted(() => {
          first.write(it.lines(5, 'generation 0'));
          first.rename(it.path('app.log.3'));
          for (const generation of [1, 2]) {
            const log = it.open('app.log');
            log.write(it.lines(20, `generation ${generation}`));
            log.rename(it.path(`app.log.${3 - generation}`));
          }
          it.open('app.log').write(it.lines(20, 'generation 3'));
        });
      },
    },
    {
      name: 'deleted_while_stopped',
      title: 'written and deleted, and nothing takes its place',
      result: 'what was not read cannot be had any more; as its size is not known any more, an event says that the file is gone',
      run: async (it) => {
        const log = it.open('app.log');
        log.write(it.lines(20));
        await it.arrived();
        await it.interrupted(() => {
          log.write('never read\n');
          rmSync(log.path);
        });
        await it.told(/read to its end for good|gone/, 'app.log');
      },
    },
    {
      name: 'deleted_and_made_while_stopped',
      title: 'deleted, and a longer one is made under its name',
      run: async (it) => {
        const log = it.open('app.log');
        log.write(it.lines(20, 'old'));
        await it.arrived();
        await it.interrupted(() => {
          rmSync(log.path);
          writeFileSync(log.path, it.lines(200, 'new'));
        });
      },
    },
    {
      name: 'inode_used_again_while_stopped',
      title: 'deleted, and another file under another name gets its inode',
      others: [others.filebeatInodeStopped],
      run: async (it) => {
        // Whoever else makes files here may be faster, so it is tried with several.
        const logs = Array.from({ length: 10 }, (_, index) => it.open(`app-${index}.log`));
        for (const [index, log] of logs.entries()) log.write(it.lines(20, `old ${index}`));
        await it.arrived();
        await it.interrupted(() => {
          for (const log of logs) {
            const inode = statSync(log.path).ino;
            log.close();
            rmSync(log.path);
            const path = fileWithInode(it.folder, inode);
            if (path === undefined) continue;
            writeFileSync(path, it.lines(100, 'new'));
            return renameSync(path, it.path('new.log'));
          }
          throw new Error('this file system does not use inodes again: the case shows nothing here');
        });
      },
    },
    {
      name: 'truncated_shorter_while_stopped',
      title: 'truncated and rewritten shorter than before',
      others: [others.fluentBitTruncatedStopped],
      run: async (it) => {
        const log = it.open('app.log');
        log.write(it.lines(50, 'old'));
        await it.arrived();
        await it.interrupted(() => {
          log.truncate();
          log.write(it.lines(5, 'new'));
        });
      },
    },
    {
      name: 'truncated_longer_while_stopped',
      title: 'truncated and rewritten longer than before',
      others: [others.fluentBitMarker],
      run: async (it) => {
        const log = it.open('app.log');
        log.write(it.lines(5, 'old'));
        await it.arrived();
        await it.interrupted(() => {
          log.truncate();
          log.write(it.lines(500, 'new'));
        });
      },
    },
    {
      name: 'copytruncate_while_stopped',
      title: 'written, copied within the glob and truncated',
      others: [others.filebeatCopy],
      result: 'what was not read before is read from the copy, and only that',
      run: async (it) => {
        const log = it.open('app.log');
        log.write(it.lines(50));
        await it.arrived();
        await it.interrupted(() => {
          log.write(it.lines(50));
          copyFileSync(log.path, it.path('app.log.1'));
          log.truncate();
          log.write(it.lines(5, 'new'));
        });
      },
    },
    {
      name: 'gzip_unread_rest',
      title: 'rotated and compressed with gzip, with lines that were not read',
      others: [others.alloyGzip, others.vectorGzip],
      result: 'the rest is read from the compressed file, and only that',
      run: async (it) => {
        const log = it.open('app.log');
        const before = it.lines(40, 'old');
        log.write(before);
        await it.arrived();
        await it.interrupted(() => {
          writeFileSync(it.path('app.log.1.gz'), gzipSync(before + it.lines(40, 'old')));
          rmSync(log.path);
          it.open('app.log').write(it.lines(10, 'new'));
        });
      },
    },
    {
      name: 'zstd_unread_rest',
      title: 'rotated and compressed with zstd, with lines that were not read',
      result: 'the rest is read from the compressed file, and only that',
      run: async (it) => {
        const log = it.open('app.log');
        const before = it.lines(40, 'old');
        log.write(before);
        await it.arrived();
        await it.interrupted(() => {
          writeFileSync(it.path('app.log.1.zst'), zstdCompressSync(before + it.lines(40, 'old')));
          rmSync(log.path);
          it.open('app.log').write(it.lines(10, 'new'));
        });
      },
    },
    {
      name: 'gzip_read_before',
      title: 'rotated and compressed with gzip, and all of it was read before',
      others: [others.alloyGzip, others.vectorGzip],
      result: 'nothing of it comes again',
      run: async (it) => {
        const log = it.open('app.log');
        const before = it.lines(40, 'old');
        log.write(before);
        await it.arrived();
        await it.interrupted(() => {
          writeFileSync(it.path('app.log.1.gz'), gzipSync(before));
          rmSync(log.path);
          it.open('app.log').write(it.lines(10, 'new'));
        });
      },
    },
    {
      name: 'gzip_never_seen',
      title: 'made, rotated and compressed, all of it unseen',
      others: [others.otelGzip],
      result: 'it is read as what it holds',
      run: async (it) => {
        it.open('app.log').write(it.lines(1));
        await it.arrived();
        await it.interrupted(() => writeFileSync(it.path('other.log.1.gz'), gzipSync(it.lines(60, 'unseen'))));
      },
    },
    {
      name: 'copied_to_another_disk',
      title: 'a file is copied elsewhere and back: its inode is another one, as after a restore',
      others: [others.filebeatDevice],
      result: 'it is a new file, and what was in it comes again, as with `saved_by_an_editor`; nothing is lost',
      run: async (it) => {
        const log = it.open('app.log');
        const before = it.lines(30);
        log.write(before);
        await it.arrived();
        await it.interrupted(() => {
          log.close();
          copyFileSync(log.path, it.path('elsewhere.txt'));
          rmSync(log.path);
          renameSync(it.path('elsewhere.txt'), log.path);
          for (const line of before.split(/(?<=\n)/)) it.expect(line);
          it.open('app.log').write(it.lines(10));
        });
      },
    },
    {
      name: 'unfinished_line_at_stop',
      title: 'a line whose second half is written after the stop',
      result: 'one record',
      run: async (it) => {
        const log = it.open('app.log');
        log.write(it.lines(3));
        log.write('half a ');
        await it.arrived();
        await it.heldBytes(log.path, 7);
        await it.interrupted(() => log.write('line\n'));
        it.expect('half a line\n');
        await it.arrived();
        log.write(it.lines(3));
      },
    },
    {
      name: 'unfinished_line_sent_before_stop',
      title: 'a line without newline that was sent as partial, and goes on after the stop',
      result: 'its rest is the next record; nothing of it comes again',
      inputs: () => [{ idle_flush: '200ms' }],
      run: async (it) => {
        const log = it.open('app.log');
        log.write('the first part');
        it.expect('the first part', 'main', 'partial');
        await it.arrived();
        await it.interrupted(() => log.write(' and the rest\n'));
        it.expect(' and the rest\n');
      },
    },
    {
      name: 'start_at_the_end',
      title: '`start: end`: lines that were there, lines after the start, and a file that is made while no agent runs',
      others: [others.otelStart, others.rsyslogStart],
      result: 'what was there at the very first start is left out; all else arrives',
      inputs: () => [{ start: 'end' }],
      run: async (it) => {
        const log = it.open('app.log');
        log.write('was there before\n');
        await it.found(log.path);
        log.write(it.lines(10));
        await it.arrived();
        await it.interrupted(() => {
          log.write(it.lines(10));
          it.open('new.log').write(it.lines(10, 'new'));
        });
      },
    },
    {
      name: 'old_files_are_left_out',
      title: '`ignore_older`: a file that was not written for days, and is written later',
      others: [others.rsyslogIgnoreOlder, others.vectorIgnoreOlder],
      result: 'left out until it is written; then all of it arrives',
      inputs: () => [{ ignore_older: '25h' }],
      run: async (it) => {
        const daysAgo = Date.now() / 1000 - 3 * 86_400;
        const [old, woken] = [it.path('old.log'), it.path('woken.log')];
        writeFileSync(old, 'nobody wants this\n');
        writeFileSync(woken, it.lines(5, 'woken'));
        for (const path of [old, woken]) utimesSync(path, daysAgo, daysAgo);
        it.open('app.log').write(it.lines(5));
        await it.found(it.path('app.log'));
        it.open('woken.log').write(it.lines(1, 'woken'));
        await it.arrived();
        await it.interrupted(() => it.open('app.log').write(it.lines(5)));
      },
    },
    {
      name: 'folder_renamed_while_stopped',
      title: 'the folder of the files is renamed to another name that the glob matches',
      inputs: (folder) => [{ paths: [`${folder}/*/app.log`] }],
      run: async (it) => {
        const log = it.open('before/app.log');
        log.write(it.lines(10));
        await it.arrived();
        await it.interrupted(() => {
          renameSync(it.path('before'), it.path('after'));
          log.write(it.lines(10));
        });
      },
    },
    {
      name: 'link_moved_on_while_stopped',
      title: 'a link is pointed at another file, and its old one has lines that were not read',
      others: [others.fluentBitLink],
      inputs: (folder) => [{ paths: [`${folder}/current.log`] }],
      result: 'the new file from its beginning, and the rest of the old one',
      run: async (it) => {
        const first = it.open('days/1.txt');
        symlinkSync(first.path, it.path('current.log'));
        first.write(it.lines(10, 'first'));
        await it.arrived();
        await it.interrupted(() => {
          first.write(it.lines(10, 'first'));
          const second = it.open('days/2.txt');
          second.write(it.lines(10, 'second'));
          symlinkSync(second.path, it.path('next.lnk'));
          renameSync(it.path('next.lnk'), it.path('current.log'));
        });
      },
    },
    {
      name: 'folder_away_and_back',
      title: 'the folder is away at a start and comes back with the same files, as a disk that was not mounted',
      inputs: (folder) => [{ paths: [`${folder}/disk/*.log`] }],
      run: async (it) => {
        const log = it.open('disk/app.log');
        log.write(it.lines(10));
        await it.arrived();
        await it.interrupted(() => {
          renameSync(it.path('disk'), it.path('away'));
        });
        mkdirSync(it.path('seen'));
        log.write(it.lines(10));
        renameSync(it.path('away'), it.path('disk'));
      },
    },
  ],
};
