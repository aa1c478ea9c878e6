/** Asking before something is lost. */
import { createInterface } from 'node:readline/promises';

/** Asks whoever sits at the terminal; without one nobody said yes. */
export async function isConfirmed(message: string): Promise<boolean> {
  if (!process.stdin.isTTY) return false;
  const lines = createInterface({ input: process.stdin, output: process.stderr });
  try {
    return /^y(es)?$/i.test((await lines.question(`${message.replace(/: say yes.*/, '')}. Go on? [y/N] `)).trim());
  } finally {
    lines.close();
  }
}
