import type { Writable } from 'node:stream';

/**
 * Says what becomes of a program whose output cannot be written. Whoever reads it may go away when they have seen enough, as `head`
 * does: that ends the program quietly. Any other trouble, such as a full disk, is told on standard error and is a failure. What
 * cannot be written to standard error has nowhere to be told, and a service must not end for it.
 */
export function guardOutput(output: Writable, errors: Writable, exit: (code: 0 | 1) => void): void {
  errors.on('error', () => undefined);
  output.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code === 'EPIPE') {
      exit(0);
      return;
    }
    errors.write(`cannot write to the standard output: ${error.message}\n`);
    exit(1);
  });
}
