/** The hub's own folder, made before anything is put into it. */
import { makeFolder } from '@tributary/shared/make-folder.ts';
import { archiveOutputOf, type HubOptions } from './options.ts';

/** What cannot be used as configured; the message says what to do. */
export class HubStartError extends Error {
  override readonly name = 'HubStartError';
  readonly code = 'HUB_START';
}

/** People of the hub's group may read the archive, so they may enter the folder that it is in. */
export function prepareDataFolder(options: HubOptions): void {
  const { folder, s3 } = archiveOutputOf(options) ?? {};
  const hasArchive = folder === undefined && s3 === undefined;
  try {
    makeFolder(options.data_dir, { mode: hasArchive ? 0o750 : 0o700 });
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new HubStartError(`data_dir ${options.data_dir} cannot be used (${reason}): choose another folder, or make it`, {
      cause,
    });
  }
}
