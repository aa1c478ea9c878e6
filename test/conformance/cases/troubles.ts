import { chmodSync, mkdirSync } from 'node:fs';
import type { CaseGroup } from '../file-case.ts';
import { others } from '../others.ts';

export const troubles: CaseGroup = {
  name: 'troubles',
  title: 'Troubles with permissions',
  interruption: 'agent-stopped',
  unprivileged: true,
  broken: {
    change: 'a file that could not be opened once is not tried again (scanner.ts)',
    failed: ['permission_given_later'],
  },
  cases: [
    {
      name: 'permission_given_later',
      title: 'a file that the agent may not read at first',
      others: [others.filebeatPermission],
      result: 'an event while it cannot be read and one when it can; all of it arrives, and nothing else stops',
      run: async (it) => {
        const log = it.open('app.log');
        chmodSync(log.path, 0o000);
        log.write(it.lines(10));
        it.open('other.log').write(it.lines(10, 'other'));
        await it.told(/cannot be read/, 'app.log');
        chmodSync(log.path, 0o644);
        await it.arrived();
        await it.told(/can be read again/, 'app.log');
      },
    },
    {
      name: 'permission_taken_and_given_back',
      title: 'the permission of an open file is taken away, the agent stopped, and given back later',
      run: async (it) => {
        const log = it.open('app.log');
        log.write(it.lines(10));
        await it.arrived();
        chmodSync(log.path, 0o000);
        log.write(it.lines(10));
        await it.arrived();
        await it.interrupted(() => log.write(it.lines(10)));
        await it.told(/cannot be read/, 'app.log');
        chmodSync(log.path, 0o644);
      },
    },
    {
      name: 'folder_closed_for_a_while',
      title: 'the folder may not be listed for a while; its open file grows, and another is made',
      inputs: (folder) => [{ paths: [`${folder}/logs/*.log`] }],
      run: async (it) => {
        mkdirSync(it.path('logs'));
        const log = it.open('logs/app.log');
        log.write(it.lines(10));
        await it.arrived();
        chmodSync(it.path('logs'), 0o000);
        await it.told(/cannot be read/, 'logs');
        log.write(it.lines(10));
        it.open('logs/second.log').write(it.lines(10, 'second'));
        chmodSync(it.path('logs'), 0o755);
      },
    },
    {
      name: 'rotated_without_permission',
      title: 'rotated, and the new file may not be read until somebody gives the permission',
      run: async (it) => {
        const old = it.open('app.log');
        old.write(it.lines(10, 'old'));
        await it.arrived();
        old.rename(it.path('app.log.1'));
        const next = it.open('app.log');
        chmodSync(next.path, 0o000);
        next.write(it.lines(10, 'new'));
        old.write(it.lines(10, 'old'));
        await it.told(/cannot be read/, 'app.log');
        chmodSync(next.path, 0o644);
      },
    },
  ],
};
