import { execFile } from 'node:child_process';
import { existsSync, writeFileSync } from 'node:fs';
import { promisify } from 'node:util';
import { until } from '../../harness/until.ts';
import type { CaseRun } from '../case-run.ts';
import type { CaseGroup, FileCase } from '../file-case.ts';
import { others } from '../others.ts';
import type { LogFile } from '../log-file.ts';

export const logrotate: CaseGroup = {
  name: 'logrotate',
  title: 'Rotation by the real logrotate',
  interruption: 'none',
  broken: {
    change: 'no name is taken for a rotation of another (rotated-names.ts)',
    failed: ['logrotate_compress', 'logrotate_copytruncate', 'logrotate_copytruncate_compress', 'logrotate_delaycompress'],
  },
  cases: [
    rotated('logrotate_create', 'create', 'its program opens the new file'),
    rotated('logrotate_dateext', 'create\n  dateext\n  dateformat -%s', 'names with the date'),
    {
      ...rotated('logrotate_compress', 'create\n  compress', 'compressed at once; the glob matches the compressed files too'),
      others: [others.alloyGzip, others.vectorGzip],
    },
    rotated('logrotate_delaycompress', 'create\n  compress\n  delaycompress', 'compressed one rotation later'),
    rotated('logrotate_olddir', 'create\n  olddir old\n  createolddir', 'moved into another folder, which no glob matches'),
    {
      ...rotated('logrotate_copytruncate', 'copytruncate', 'copied and truncated; the glob matches the copies'),
      others: [others.fluentBitRotatedRead, others.rsyslogCopytruncateRace],
    },
    {
      ...rotated('logrotate_copytruncate_compress', 'copytruncate\n  compress', 'copied, truncated, and the copy compressed'),
      others: [others.vectorGzip],
    },
    rotated('logrotate_nocreate', 'nocreate', 'the file is made by its program later'),
  ],
};

/** Five rotations with lines before, between and after; every rotation but the third is of a file that was read. */
function rotated(name: string, directives: string, says: string): FileCase {
  return {
    name,
    title: `\`${directives.replaceAll(/\n\s*/g, ', ')}\`: ${says}`,
    how: directives.includes('copytruncate')
      ? 'five rotations, each when everything was read'
      : 'five rotations; at the third the agent has not read everything yet',
    needs: 'logrotate',
    run: async (it) => {
      let log = it.open('app.log');
      for (let rotation = 0; rotation < 5; rotation += 1) {
        log.write(it.lines(40, directives.includes('copytruncate') ? 'main' : `rotation ${rotation}`));
        if (rotation !== 2 || directives.includes('copytruncate')) await it.arrived();
        // What is born and leaves every glob before anybody looks can be found by nobody.
        else if (directives.includes('olddir')) await it.found(log.path);
        await runLogrotate(it, directives);
        if (!directives.includes('copytruncate')) log = reopened(it, log);
      }
      log.write(it.lines(40, directives.includes('copytruncate') ? 'main' : 'the last'));
    },
  };
}

function reopened(it: CaseRun, log: LogFile): LogFile {
  log.close();
  return it.open('app.log');
}

async function runLogrotate(it: CaseRun, directives: string): Promise<void> {
  const config = it.path('logrotate.conf');
  writeFileSync(config, `"${it.path('app.log')}" {\n  rotate 20\n  missingok\n  su root root\n  ${directives}\n}\n`, {
    mode: 0o600,
  });
  // A name with the second in it may be there already.
  await until('a second is over', () => !existsSync(it.path(`app.log-${Math.floor(Date.now() / 1000)}`)));
  await promisify(execFile)('logrotate', ['--force', '--state', it.path('logrotate.state'), config]);
}
