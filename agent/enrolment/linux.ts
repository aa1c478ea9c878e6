/** What only Linux has: where the system's log is before anybody configured anything. */
import { existsSync } from 'node:fs';
import { join } from 'node:path';

const textLogs = ['var/log/syslog', 'var/log/messages'];
const journals = ['run/log/journal', 'var/log/journal'];

/** True where systemd's journal is the only system log: no syslog daemon writes text files. `root` is `/` but in tests. */
export function keepsOnlyAJournal(root = '/'): boolean {
  const isThere = (path: string): boolean => existsSync(join(root, path));
  return journals.some(isThere) && !textLogs.some(isThere);
}
