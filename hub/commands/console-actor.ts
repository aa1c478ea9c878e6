import { userInfo } from 'node:os';
import { nameOf } from '../access/access.ts';

/** Who runs a command on the hub's machine: the person who became root by sudo, or the user itself. */
export function consoleActor(env: Readonly<Record<string, string | undefined>>): string {
  const name = plain(env['SUDO_USER']) ?? plain(ownName()) ?? String(process.geteuid?.() ?? 'unknown');
  return nameOf({ kind: 'console', name });
}

function ownName(): string | undefined {
  try {
    return userInfo().username;
  } catch {
    // A user without an entry, as containers have them.
    return undefined;
  }
}

function plain(name: string | undefined): string | undefined {
  return name !== undefined && /^[\w.@\\$-]{1,64}$/.test(name) ? name : undefined;
}
