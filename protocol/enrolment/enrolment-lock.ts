import { join } from 'node:path';
import { ProcessLock } from '@tributary/shared/sqlite/process-lock.ts';
import { makeTlsFolder, tlsFolder } from './enrolled-files.ts';

export class EnrolmentLockedError extends Error {
  override readonly name = 'EnrolmentLockedError';
  readonly code = 'ENROLMENT_LOCKED';
}

/** A command and a running agent that renews its certificate never change the files at once. Throws an EnrolmentLockedError. */
export function lockEnrolment(folder: string): Disposable {
  makeTlsFolder(folder);
  const lock = ProcessLock.take(join(tlsFolder(folder), 'lock'));
  if (lock === undefined) throw new EnrolmentLockedError(`${folder} is being enrolled or renewed by another process: try again`);
  return lock;
}
