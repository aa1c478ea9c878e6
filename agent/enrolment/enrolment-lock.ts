import { join } from 'node:path';
import { ProcessLock } from '@tributary/shared/sqlite/process-lock.ts';
import { giveTo, ownerFor } from '../durable-file.ts';
import { makeTlsFolder, tlsFolder } from './enrolled-files.ts';

export class EnrolmentLockedError extends Error {
  override readonly name = 'EnrolmentLockedError';
  readonly code = 'ENROLMENT_LOCKED';
}

/** A command and a running agent that renews its certificate never change the files at once. Throws an EnrolmentLockedError. */
export function lockEnrolment(folder: string): Disposable {
  makeTlsFolder(folder);
  const file = join(tlsFolder(folder), 'lock');
  const lock = ProcessLock.take(file);
  if (lock === undefined) throw new EnrolmentLockedError(`${folder} is being enrolled or renewed by another process: try again`);
  giveTo(file, ownerFor(folder));
  return lock;
}
