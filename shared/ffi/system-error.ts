import { getSystemErrorMap } from 'node:util';

/** A system call failed. `code` is the name of its error number, as in the errors of node:fs. */
export class SystemCallError extends Error {
  override readonly name = 'SystemCallError';
  readonly code: string;
  readonly syscall: string;

  constructor(syscall: string, code: string, detail: string) {
    super(`${code}: ${detail}, ${syscall}`);
    this.code = code;
    this.syscall = syscall;
  }
}

export function systemCallError(syscall: string, errorNumber: number): SystemCallError {
  const [code, detail] = getSystemErrorMap().get(-errorNumber) ?? [`ERRNO_${errorNumber}`, `error ${errorNumber}`];
  return new SystemCallError(syscall, code, detail);
}

/** What is asked for exists only on another system. */
export function notOnThisSystem(syscall: string): SystemCallError {
  return new SystemCallError(syscall, 'ENOSYS', `not on this system (${process.platform})`);
}
