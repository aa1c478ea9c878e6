import { existsSync, mkdirSync, renameSync, rmSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import { fileWithInode } from '../file-with-inode.ts';
import type { CaseRun } from '../case-run.ts';
import type { CaseGroup } from '../file-case.ts';
import { others } from '../others.ts';
import type { LogFile } from '../log-file.ts';

export const renaming: CaseGroup = {
  name: 'renaming',
  title: 'Files that are renamed, moved, deleted and replaced',
  interruption: 'none',
  broken: {
    change: 'a file that was renamed out of the glob or deleted is given up at once (whereabouts.ts)',
    failed: [
      'closed_written_and_renamed',
      'deleted_while_open',
      'folder_renamed_out',
      'symlink_to_the_current',
      'unfinished_line_at_rename',
      'written_after_rename',
      'written_long_after_rename',
    ],
  },
  cases: [
    {
      name: 'rename_and_create',
      title: 'renamed to a name that no glob matches, and made anew',
      others: [others.fluentBitRotateWait],
      inputs: onlyLog,
      run: async (it) => {
        const old = it.open('app.log');
        old.write(it.lines(20, 'old'));
        await it.found(old.path);
        old.rename(it.path('app.rotated'));
        it.open('app.log').write(it.lines(20, 'new'));
      },
    },
    {
      name: 'rename_within_glob',
      title: 'renamed to a name that the glob matches too, and made anew',
      others: [others.fluentBitRotatedRead],
      result: 'each line once: the renamed file is not read again',
      run: async (it) => {
        const old = it.open('app.log');
        old.write(it.lines(20, 'old'));
        await it.arrived();
        old.rename(it.path('app.log.1'));
        it.open('app.log').write(it.lines(20, 'new'));
      },
    },
    {
      name: 'rename_chain',
      title: 'ten rotations of a chain: app.log → app.log.1 → app.log.2 → app.log.3 → deleted',
      run: async (it) => {
        let current = it.open('app.log');
        for (let generation = 0; generation < 10; generation += 1) {
          current.write(it.lines(30, `generation ${generation}`));
          await it.found(it.path('app.log'));
          await it.arrived();
          current.close();
          rmSync(it.path('app.log.3'), { force: true });
          for (const number of [2, 1]) move(it.path(`app.log.${number}`), it.path(`app.log.${number + 1}`));
          renameSync(it.path('app.log'), it.path('app.log.1'));
          current = it.open('app.log');
        }
        current.write(it.lines(30, 'the last'));
      },
    },
    {
      name: 'rename_faster_than_looks',
      title: 'twenty rotations in one go, faster than any look at the folder',
      how: 'all names stay in the glob',
      run: (it) => {
        for (let generation = 0; generation < 20; generation += 1) {
          const log = it.open('app.log');
          log.write(it.lines(10, `generation ${generation}`));
          log.rename(it.path(`app.log.${generation}`));
        }
        it.open('app.log').write(it.lines(10, 'the last'));
      },
    },
    {
      name: 'written_after_rename',
      title: 'a program that writes into the renamed file for a while before it opens the new one',
      others: [others.fluentBitRotateWait],
      inputs: onlyLog,
      run: async (it) => {
        const old = it.open('app.log');
        old.write(it.lines(5, 'old'));
        await it.arrived();
        old.rename(it.path('app.old'));
        old.write(it.lines(5, 'old'));
        const next = it.open('app.log');
        next.write(it.lines(5, 'new'));
        await it.arrived();
        old.write(it.lines(5, 'old'));
        next.write(it.lines(5, 'new'));
      },
    },
    {
      name: 'written_long_after_rename',
      title: 'a renamed file that is written again after it was taken for finished',
      others: [others.fluentBitRotateWait, others.filebeatRenamed],
      inputs: onlyLog,
      run: async (it) => {
        const old = it.open('app.log');
        old.write(it.lines(5, 'old'));
        await it.arrived();
        old.rename(it.path('app.old'));
        await it.told(/read to its end for good/);
        old.write(it.lines(5, 'old'));
      },
    },
    {
      name: 'closed_written_and_renamed',
      title: 'a file that the agent has closed is written and renamed out of the glob in one go',
      how: 'of two files only one may be open',
      others: [others.filebeatClosedAndRenamed],
      inputs: (folder) => [{ paths: [`${folder}/*.log`], open_files_max: 1 }],
      run: async (it) => {
        const log = it.open('app.log');
        log.write(it.lines(5, 'app'));
        await it.arrived();
        it.open('other.log').write(it.lines(5, 'other'));
        await it.arrived();
        log.write(it.lines(5, 'app'));
        log.rename(it.path('app.old'));
        log.write(it.lines(5, 'app'));
      },
    },
    {
      name: 'unfinished_line_at_rename',
      title: 'renamed with half a line, whose other half comes into the same file later',
      others: [others.filebeatHalfLine, others.fluentBitHalfLine],
      inputs: onlyLog,
      result: 'the line is one record',
      run: async (it) => {
        const old = it.open('app.log');
        old.write(it.lines(3, 'old'));
        old.write('half ');
        await it.arrived();
        old.rename(it.path('app.old'));
        it.open('app.log').write(it.lines(3, 'new'));
        await it.arrived();
        old.write('a line\n');
        it.expect('half a line\n', 'old');
      },
    },
    {
      name: 'deleted_while_open',
      title: 'deleted while its program goes on writing',
      others: [others.vectorRemoved, others.filebeatRemoved],
      inputs: (folder) => [{ paths: [`${folder}/*.log`], rotated_wait: '30s' }],
      run: async (it) => {
        const log = it.open('app.log');
        log.write(it.lines(10));
        await it.arrived();
        rmSync(log.path);
        log.write(it.lines(10));
        await it.arrived();
        log.write(it.lines(10));
      },
    },
    {
      name: 'deleted_and_made_again',
      title: 'deleted and made again under the same name, five times',
      others: [others.rsyslogMadeAgain],
      run: async (it) => {
        for (let round = 0; round < 5; round += 1) {
          const log = it.open('app.log');
          log.write(it.lines(10, `round ${round}`));
          await it.arrived();
          log.close();
          rmSync(log.path);
        }
        it.open('app.log').write(it.lines(10, 'the last'));
      },
    },
    {
      name: 'inode_used_again',
      title: 'deleted, and another file gets its inode',
      others: [others.filebeatInode, others.fluentBitInode, others.rsyslogInode],
      how: 'files are deleted and made until the file system gives the same inode',
      run: async (it) => {
        // Whoever else makes files here may be faster, so it is tried with several.
        for (let attempt = 0; attempt < 10; attempt += 1) {
          const log = it.open(`app-${attempt}.log`);
          log.write(it.lines(50, `first ${attempt}`));
          await it.arrived();
          const inode = statSync(log.path).ino;
          log.close();
          rmSync(log.path);
          // Its inode is free once the agent has let go of it.
          await it.told(/read to its end for good/, log.path);
          const path = fileWithInode(it.folder, inode);
          if (path === undefined) continue;
          // Longer than the first, so that its size does not give it away.
          writeFileSync(path, it.lines(100, 'second'));
          return renameSync(path, it.path('second.log'));
        }
        throw new Error('this file system does not use inodes again: the case shows nothing here');
      },
    },
    {
      name: 'replaced_by_rename',
      title: 'another file is renamed over it',
      run: async (it) => {
        const log = it.open('app.log');
        log.write(it.lines(10, 'old'));
        await it.arrived();
        writeFileSync(it.path('next.txt'), it.lines(20, 'new'));
        renameSync(it.path('next.txt'), log.path);
      },
    },
    {
      name: 'saved_by_an_editor',
      title: 'an editor writes the whole content and a line more into a new file, and renames it over the old one',
      others: [others.rsyslogEditor],
      result:
        'it is a new file and read from its beginning, so what was in the old one comes again: nothing tells it from a program that writes the same first lines at each start, whose lines would be lost otherwise',
      run: async (it) => {
        const log = it.open('app.log');
        const before = it.lines(40);
        log.write(before);
        await it.arrived();
        log.close();
        writeFileSync(it.path('.app.log.swp'), before + it.lines(1, 'more'));
        for (const line of before.split(/(?<=\n)/)) it.expect(line);
        renameSync(it.path('.app.log.swp'), it.path('app.log'));
      },
    },
    {
      name: 'same_first_lines_at_each_start',
      title: 'a program deletes its file at each start and writes the same first lines into a new one',
      run: async (it) => {
        for (let start = 0; start < 4; start += 1) {
          const log = it.open('app.log');
          for (const line of ['starting up\n', 'reading the configuration, which is the same as ever\n', 'listening\n']) {
            log.write(line);
            it.expect(line);
          }
          await it.arrived();
          log.close();
          rmSync(log.path);
        }
      },
    },
    {
      name: 'names_swapped',
      title: 'two files that swap their names, and both grow',
      run: async (it) => {
        const [a, b] = [it.open('a.log'), it.open('b.log')];
        for (const [name, log] of [
          ['a', a],
          ['b', b],
        ] as const)
          log.write(it.lines(10, name));
        await it.arrived();
        const third = it.path('third.txt');
        renameSync(a.path, third);
        renameSync(b.path, a.path);
        renameSync(third, b.path);
        for (const [name, log] of [
          ['a', a],
          ['b', b],
        ] as const)
          log.write(it.lines(10, name));
      },
    },
    {
      name: 'moved_into_the_glob',
      title: 'a file that was written elsewhere is renamed into the glob',
      run: async (it) => {
        const log = it.open('tmp/upload.part');
        log.write(it.lines(50));
        log.rename(it.path('upload.log'));
        await it.arrived();
        log.write(it.lines(10));
      },
    },
    {
      name: 'moved_to_another_folder',
      title: 'renamed into another folder that another glob of the input matches',
      inputs: (folder) => [{ paths: [`${folder}/now/*.log`, `${folder}/old/*.log`] }],
      run: async (it) => {
        mkdirSync(it.path('old'));
        const log = it.open('now/app.log');
        log.write(it.lines(10));
        await it.arrived();
        log.rename(it.path('old/app.log'));
        log.write(it.lines(10));
      },
    },
    {
      name: 'moved_out_unread',
      title: 'renamed out of the glob before all of it was read',
      others: [others.fluentBitRotateWait],
      how: 'twenty megabytes are written and the file is moved at once',
      inputs: onlyLog,
      run: async (it) => {
        const log = it.open('app.log');
        log.write(it.lines(1));
        await it.arrived();
        const line = `${'x'.repeat(9_999)}\n`;
        for (let index = 0; index < 2000; index += 1) it.expect(line);
        log.write(line.repeat(2000));
        log.rename(it.path('gone.txt'));
      },
    },
    {
      name: 'folder_renamed',
      title: 'the folder of files is renamed to a name that the glob matches',
      inputs: (folder) => [{ paths: [`${folder}/*/app.log`] }],
      run: async (it) => {
        const log = it.open('before/app.log');
        log.write(it.lines(10));
        await it.arrived();
        renameSync(it.path('before'), it.path('after'));
        log.write(it.lines(10));
      },
    },
    {
      name: 'folder_renamed_out',
      title: 'the folder of files is renamed to a name that the glob does not match, and another takes its place',
      inputs: (folder) => [{ paths: [`${folder}/now/*.log`] }],
      run: async (it) => {
        const log = it.open('now/app.log');
        log.write(it.lines(10, 'old'));
        await it.arrived();
        renameSync(it.path('now'), it.path('kept'));
        log.write(it.lines(10, 'old'));
        it.open('now/app.log').write(it.lines(10, 'new'));
      },
    },
    {
      name: 'folder_vanishes',
      title: 'the folder vanishes with its files, and comes back with others',
      inputs: (folder) => [{ paths: [`${folder}/app/*.log`] }],
      run: async (it) => {
        for (let round = 0; round < 3; round += 1) {
          const log = it.open('app/app.log');
          log.write(it.lines(10, `round ${round}`));
          await it.arrived();
          log.close();
          rmSync(it.path('app'), { recursive: true });
        }
        it.open('app/app.log').write(it.lines(10, 'the last'));
      },
    },
    {
      name: 'dated_names',
      title: 'a program that opens a file of another name each time, and none is ever renamed',
      run: async (it) => {
        for (let hour = 0; hour < 8; hour += 1) {
          const log = it.open(`app-2026-11-21-${String(hour).padStart(2, '0')}.log`);
          log.write(it.lines(20, `hour ${hour}`));
          if (hour % 3 === 0) await it.arrived();
        }
      },
    },
    {
      name: 'symlink_to_the_current',
      title: 'a link that always points at the newest file, as of `cronolog`',
      others: [others.fluentBitLink, others.filebeatLink],
      inputs: (folder) => [{ paths: [`${folder}/current.log`] }],
      run: async (it) => {
        let before: LogFile | undefined;
        for (let day = 0; day < 4; day += 1) {
          const log = it.open(`days/${day}.txt`);
          log.write(it.lines(10, `day ${day}`));
          pointTo(it, log.path);
          await it.arrived();
          before?.write(it.lines(3, `day ${day - 1}`));
          before = log;
        }
        before?.write(it.lines(3, 'day 3'));
      },
    },
  ],
};

function onlyLog(folder: string): readonly Readonly<Record<string, unknown>>[] {
  return [{ paths: [`${folder}/*.log`] }];
}

function move(from: string, to: string): void {
  if (existsSync(from)) renameSync(from, to);
}

/** As `ln -sfn` does it: never without a link. */
function pointTo(it: CaseRun, target: string): void {
  symlinkSync(target, it.path('next.lnk'));
  renameSync(it.path('next.lnk'), it.path('current.log'));
}
