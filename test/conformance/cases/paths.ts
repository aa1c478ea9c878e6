import { execFileSync } from 'node:child_process';
import { mkdirSync, renameSync, symlinkSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import type { CaseGroup } from '../file-case.ts';
import { others } from '../others.ts';

export const paths: CaseGroup = {
  name: 'paths',
  title: 'Names, globs and what is no file',
  interruption: 'agent-stopped',
  broken: {
    change: 'a file that an input has claimed may be claimed again (claims.ts)',
    failed: ['two_inputs_of_one_type'],
  },
  cases: [
    {
      name: 'globs_that_overlap',
      title: 'three globs of one input that match the same files',
      result: 'each file is read once',
      inputs: (folder) => [{ paths: [`${folder}/*.log`, `${folder}/app*`, `${folder}/{app,web}.log`] }],
      run: (it) => {
        for (const name of ['app', 'web', 'db']) it.open(`${name}.log`).write(it.lines(10, name));
      },
    },
    {
      name: 'globs_of_every_kind',
      title: '`?`, `[0-9]`, `{a,b}` and a name as it is',
      inputs: (folder) => [
        { paths: [`${folder}/app-?.log`, `${folder}/web-[0-9].log`, `${folder}/{x,y}.txt`, `${folder}/plain`] },
      ],
      result: 'each file that one of them matches, and no other',
      run: (it) => {
        for (const name of ['app-1.log', 'web-7.log', 'x.txt', 'y.txt', 'plain']) it.open(name).write(it.lines(5, name));
        for (const name of ['app-12.log', 'web-a.log', 'z.txt', 'plain2']) it.open(name).write('not wanted\n');
      },
    },
    {
      name: 'nested_folders',
      title: '`**` over folders that are made while it runs, five deep',
      others: [others.vectorGlob],
      inputs: (folder) => [{ paths: [`${folder}/**/*.log`] }],
      run: async (it) => {
        it.open('top.log').write(it.lines(5, 'top'));
        await it.arrived();
        let folder = '.';
        for (let depth = 0; depth < 5; depth += 1) {
          folder += `/d${depth}`;
          it.open(`${folder}/app.log`).write(it.lines(5, `depth ${depth}`));
        }
      },
    },
    {
      name: 'linked_folders_in_a_circle',
      title: '`**` over a folder that has a link to itself',
      inputs: (folder) => [{ paths: [`${folder}/**/*.log`] }],
      result: 'each file once; it does not go round',
      run: (it) => {
        it.open('a/app.log').write(it.lines(5));
        symlinkSync(it.folder, it.path('a/again'));
        it.open('b/app.log').write(it.lines(5, 'other'));
      },
    },
    {
      name: 'excluded_files',
      title: '`exclude` leaves out what a glob of it matches',
      inputs: (folder) => [{ paths: [`${folder}/*.log`], exclude: [`${folder}/*-debug.log`] }],
      run: (it) => {
        it.open('app.log').write(it.lines(5));
        it.open('app-debug.log').write('not wanted\n');
      },
    },
    {
      name: 'odd_names',
      title: 'names with spaces, quotes, commas, brackets, a newline, and of other scripts',
      run: (it) => {
        const names = [
          'with space',
          'with "quotes", commas',
          'with [brackets] {a,b}',
          'line\nbreak',
          '漢字 ünï',
          `long ${'x'.repeat(200)}`,
          '-n',
          '%20',
        ];
        for (const [index, name] of names.entries()) it.open(`${name}.log`).write(it.lines(3, `name ${index}`));
      },
    },
    {
      name: 'two_inputs_of_one_type',
      title: 'two inputs with the same type and labels match the same file',
      result: 'it is read once',
      inputs: (folder) => [{ paths: [`${folder}/*.log`] }, { paths: [`${folder}/app*`] }],
      run: async (it) => {
        const log = it.open('app.log');
        log.write(it.lines(20));
        await it.arrived();
        await it.interrupted(() => log.write(it.lines(20)));
      },
    },
    {
      name: 'two_inputs_of_two_types',
      title: 'two inputs with different types match the same file',
      types: ['two_inputs_other_type'],
      result: 'each has all of it: that is what two types ask for',
      inputs: () => [{}, { type: 'two_inputs_other_type' }],
      run: (it) => {
        it.open('app.log').write('one\ntwo\n');
        for (const line of ['one\n', 'two\n']) {
          it.expect(line, line);
          it.expect(line, line);
        }
        it.check((arrived) => {
          const streams = new Set(arrived.map(({ stream }) => stream));
          if (streams.size !== 2) throw new Error(`${streams.size} streams instead of 2`);
        });
      },
    },
    {
      name: 'labels_by_path',
      title: '`by_path`: type and labels from parts of the path, kept over a rename within the glob and a stop',
      types: ['labels_by_path_db'],
      inputs: (folder) => [
        {
          paths: [`${folder}/*/*.log*`],
          by_path: [
            { paths: [`${folder}/db/*`], type: 'labels_by_path_db', labels: { role: 'db' } },
            { paths: [`${folder}/*/*`], pattern: '/(?<service>[a-z]+)/[a-z]+\\.log', labels: { service: '$<service>' } },
          ],
        },
      ],
      run: async (it) => {
        const web = it.open('web/app.log');
        web.write(it.lines(5, 'web'));
        it.open('db/app.log').write(it.lines(5, 'db'));
        await it.arrived();
        await it.interrupted(() => {
          web.rename(it.path('web/app.log.1'));
          web.write(it.lines(5, 'web'));
        });
        it.check((arrived) => {
          for (const { text, labels } of arrived) {
            const wanted = text.startsWith('db') ? '{"role":"db"}' : '{"service":"web"}';
            if (labels !== wanted) throw new Error(`${text} has the labels ${labels}`);
          }
        });
      },
    },
    {
      name: 'folder_that_matches',
      title: 'a folder whose name the glob matches',
      result: 'left out without a word; the files beside it arrive',
      run: async (it) => {
        mkdirSync(it.path('folder.log'));
        const log = it.open('app.log');
        log.write(it.lines(5));
        await it.arrived();
        log.write(it.lines(5));
      },
    },
    {
      name: 'fifo_in_the_glob',
      title: 'a FIFO without a writer, and one with',
      others: [others.filebeatFifo],
      result: 'left out with an event; nothing waits for it, the files beside it arrive',
      run: async (it) => {
        execFileSync('mkfifo', [it.path('pipe.log')]);
        const log = it.open('app.log');
        log.write(it.lines(5));
        await it.arrived();
        await it.told(/left out/, 'pipe.log');
        log.write(it.lines(5));
      },
    },
    {
      name: 'socket_and_device_in_the_glob',
      title: 'a unix socket, and a link to /dev/zero',
      result: 'left out with an event each; nothing is read of them',
      run: async (it) => {
        const server = createServer();
        const listening = Promise.withResolvers<void>();
        server.listen(it.path('s.log'), listening.resolve);
        await listening.promise;
        symlinkSync('/dev/zero', it.path('zero.log'));
        const log = it.open('app.log');
        log.write(it.lines(5));
        await it.arrived();
        await it.told(/left out/, 'zero.log');
        await it.told(/left out/, 's.log');
        server.close();
        log.write(it.lines(5));
      },
    },
    {
      name: 'link_to_nothing',
      title: 'a link whose target is made later',
      run: async (it) => {
        symlinkSync(it.path('later.txt'), it.path('app.log'));
        const log = it.open('other.log');
        log.write(it.lines(5, 'other'));
        await it.arrived();
        writeFileSync(it.path('later.txt'), it.lines(5));
      },
    },
    {
      name: 'two_links_to_one_file',
      title: 'two links to one file, and the file itself, all in the glob',
      result: 'it is read once',
      run: async (it) => {
        const log = it.open('app.log');
        log.write(it.lines(5));
        for (const name of ['a.log', 'b.log']) symlinkSync(log.path, it.path(name));
        await it.arrived();
        log.write(it.lines(5));
      },
    },
    {
      name: 'no_folder_yet',
      title: 'a glob whose folder is made later, from its third level on',
      inputs: (folder) => [{ paths: [`${folder}/a/b/c/*.log`] }],
      run: (it) => {
        it.open('a/b/c/app.log').write(it.lines(5));
      },
    },
    {
      name: 'folder_is_a_link_that_moves',
      title: 'the folder is a link, which is pointed at another folder, as `current` of a deployment',
      others: [others.fluentBitLink],
      inputs: (folder) => [{ paths: [`${folder}/current/*.log`] }],
      run: async (it) => {
        const first = it.open('releases/1/app.log');
        symlinkSync(it.path('releases/1'), it.path('current'));
        first.write(it.lines(5, 'first'));
        await it.arrived();
        const second = it.open('releases/2/app.log');
        second.write(it.lines(5, 'second'));
        symlinkSync(it.path('releases/2'), it.path('next'));
        renameSync(it.path('next'), it.path('current'));
        await it.arrived();
        second.write(it.lines(5, 'second'));
      },
    },
    {
      name: 'polled',
      title: '`watch: poll`, as on a network file system: appended, made, renamed',
      others: [others.fluentBitNfs],
      inputs: () => [{ watch: 'poll' }],
      run: async (it) => {
        const log = it.open('app.log');
        log.write(it.lines(5, 'old'));
        await it.arrived();
        log.rename(it.path('app.log.1'));
        log.write(it.lines(5, 'old'));
        it.open('app.log').write(it.lines(5, 'new'));
      },
    },
  ],
};
