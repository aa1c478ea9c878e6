import { FolderError, makeFolder } from '@tributary/shared/make-folder.ts';

export class FolderUnusableError extends Error {
  override readonly name = 'FolderUnusableError';
  readonly code = 'FOLDER_UNUSABLE';
}

/** Makes the folder that an option names, or what lies in it; what is in the way is told with the name of the option. */
export function makeOptionFolder(option: 'data_dir' | 'run_dir' | '--config', folder: string, mode: number): void {
  try {
    makeFolder(folder, { mode });
  } catch (cause) {
    if (!(cause instanceof FolderError)) throw cause;
    throw new FolderUnusableError(`${folder} cannot be used (${cause.message}): mend it, or choose another ${option}`, { cause });
  }
}
