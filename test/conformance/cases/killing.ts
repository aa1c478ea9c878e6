import { copyFileSync, existsSync, renameSync } from 'node:fs';
import type { CaseGroup } from '../file-case.ts';
import { others } from '../others.ts';

export const killing: CaseGroup = {
  name: 'killing',
  title: 'Files while the agent dies (`kill -9`)',
  interruption: 'agent-killed',
  broken: {
    change: 'a batch is stored 300 ms after the positions it moves (writer.ts of the buffer)',
    failed: ['killed_while_reading', 'rotated_at_each_kill'],
  },
  cases: [
    {
      name: 'killed_while_reading',
      title: 'thirty megabytes are being read, three times',
      others: [others.otelKilled, others.vectorKilled],
      run: async (it) => {
        const log = it.open('app.log');
        log.write(it.lines(1));
        await it.arrived();
        for (let round = 0; round < 3; round += 1) {
          const line = `${round} ${'x'.repeat(10_000)}\n`;
          for (let index = 0; index < 1000; index += 1) it.expect(line);
          log.write(line.repeat(1000));
          await it.interrupted(() => log.write(it.lines(1)));
        }
      },
    },
    {
      name: 'killed_with_half_a_line',
      title: 'half a line was seen and not sent',
      result: 'one record',
      run: async (it) => {
        const log = it.open('app.log');
        log.write(it.lines(3));
        log.write('half a ');
        await it.arrived();
        await it.heldBytes(log.path, 7);
        await it.interrupted(() => log.write('line\n'));
        it.expect('half a line\n');
      },
    },
    {
      name: 'rotated_at_each_kill',
      title: 'renamed within the glob and written on at each of three kills',
      run: async (it) => {
        let log = it.open('app.log');
        for (let round = 0; round < 3; round += 1) {
          log.write(it.lines(200, `round ${round}`));
          await it.found(log.path);
          await it.interrupted(() => {
            log.write(it.lines(20, `round ${round}`));
            if (existsSync(it.path('app.log.1'))) renameSync(it.path('app.log.1'), it.path('app.log.2'));
            log.rename(it.path('app.log.1'));
            log = it.open('app.log');
          });
        }
        log.write(it.lines(20, 'the last'));
      },
    },
    {
      name: 'truncated_at_a_kill',
      title: 'truncated and rewritten longer at the kill',
      run: async (it) => {
        const log = it.open('app.log');
        log.write(it.lines(50, 'old'));
        await it.arrived();
        await it.interrupted(() => {
          log.truncate();
          log.write(it.lines(500, 'new'));
        });
      },
    },
    {
      name: 'killed_while_reading_a_copy',
      title: 'copied and truncated half read, twice, and killed while the rest is read from the copy',
      run: async (it) => {
        const log = it.open('app.log');
        log.write(it.lines(1));
        await it.arrived();
        for (let round = 2; round > 0; round -= 1) {
          const line = `${round} ${'x'.repeat(10_000)}\n`;
          for (let index = 0; index < 1000; index += 1) it.expect(line);
          log.write(line.repeat(1000));
          copyFileSync(log.path, it.path(`app.log.${round}`));
          log.truncate();
          log.write(it.lines(3, `after ${round}`));
          await it.interrupted(() => log.write(it.lines(3, `while away ${round}`)));
          await it.arrived();
        }
      },
    },
    {
      name: 'killed_while_files_appear',
      title: 'a hundred files appear around each of three kills',
      run: async (it) => {
        for (let round = 0; round < 3; round += 1) {
          for (let index = 0; index < 50; index += 1) it.open(`${round}-${index}.log`).write(it.lines(2, `${round} ${index}`));
          await it.interrupted(() => {
            for (let index = 50; index < 100; index += 1)
              it.open(`${round}-${index}.log`).write(it.lines(2, `${round} ${index}`));
          });
        }
      },
    },
    {
      name: 'killed_between_renames',
      title: 'renamed once before and once at the kill, all within the glob, with lines in between',
      run: async (it) => {
        const log = it.open('app.log');
        log.write(it.lines(10));
        await it.arrived();
        log.rename(it.path('app.log.1'));
        log.write(it.lines(10));
        await it.interrupted(() => {
          log.rename(it.path('app.log.2'));
          log.write(it.lines(10));
        });
      },
    },
    {
      name: 'killed_after_idle_flush',
      title: 'a line without newline was sent as partial before the kill',
      result: 'its rest is the next record; nothing comes again',
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
  ],
};
