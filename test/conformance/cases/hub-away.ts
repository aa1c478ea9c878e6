import { copyFileSync, rmSync } from 'node:fs';
import type { CaseGroup } from '../file-case.ts';
import { others } from '../others.ts';

export const hubAway: CaseGroup = {
  name: 'hub_away',
  title: 'Files while no hub is there',
  interruption: 'hub-stopped',
  broken: {
    change: 'a new connection begins behind the first batch that was not acknowledged (client-channel.ts)',
    failed: ['appended_while_away', 'copytruncate_while_away', 'deleted_while_away', 'made_while_away', 'rotated_while_away'],
  },
  cases: [
    {
      name: 'appended_while_away',
      title: 'a file grows',
      run: async (it) => {
        const log = it.open('app.log');
        log.write(it.lines(10));
        await it.arrived();
        await it.interrupted(() => log.write(it.lines(1000)));
        log.write(it.lines(10));
      },
    },
    {
      name: 'rotated_while_away',
      title: 'five rotations by rename to names outside the glob',
      others: [others.fluentBitRotateWait],
      inputs: (folder) => [{ paths: [`${folder}/*.log`] }],
      run: async (it) => {
        it.open('first.log').write(it.lines(1));
        await it.arrived();
        await it.interrupted(async () => {
          for (let round = 0; round < 5; round += 1) {
            const log = it.open('app.log');
            log.write(it.lines(100, `round ${round}`));
            await it.found(log.path);
            log.rename(it.path(`app.${round}`));
            log.write(it.lines(5, `round ${round}`));
          }
        });
      },
    },
    {
      name: 'deleted_while_away',
      title: 'a file is written and deleted once the agent has found it',
      result: 'each line once: it was read into the buffer by its handle',
      run: async (it) => {
        const log = it.open('app.log');
        log.write(it.lines(10));
        await it.arrived();
        await it.interrupted(() => {
          log.write(it.lines(300));
          rmSync(log.path);
        });
      },
    },
    {
      name: 'copytruncate_while_away',
      title: 'copied out of the glob and truncated once what was written is in the buffer',
      inputs: (folder) => [{ paths: [`${folder}/*.log`] }],
      run: async (it) => {
        const log = it.open('app.log');
        log.write(it.lines(10));
        await it.arrived();
        await it.interrupted(async () => {
          for (let round = 0; round < 3; round += 1) {
            log.write(it.lines(10 + round));
            await it.readTo(log.path);
            copyFileSync(log.path, it.path(`app.${round}`));
            log.truncate();
          }
        });
        log.write(it.lines(5));
      },
    },
    {
      name: 'made_while_away',
      title: 'files are made, and a new hub process takes their streams',
      run: async (it) => {
        await it.interrupted(() => {
          for (let index = 0; index < 30; index += 1) it.open(`app-${index}.log`).write(it.lines(10, `file ${index}`));
        });
      },
    },
  ],
};
