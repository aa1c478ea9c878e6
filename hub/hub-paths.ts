import { join } from 'node:path';

/** `run_dir` unless the configuration says otherwise. */
export const runDirDefault = '/run/tributary';

/** HTTP on a unix socket, mode 0600: `GET /status`. */
export function statusSocket(options: { readonly run_dir: string }): string {
  return join(options.run_dir, 'hub.sock');
}
