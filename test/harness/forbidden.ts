/**
 * What a kernel does not let us do although every program is there: containers within a container, most often. No package helps, and
 * nothing is wrong with the machine, so that a test may be skipped for this even where everything else is required.
 */
export class ForbiddenError extends Error {
  override readonly name = 'ForbiddenError';
  readonly code = 'FORBIDDEN';
}

const words = /operation not permitted|permission denied|read-only file system|cgroup[^\n]*(?: not |n't )/i;

/** Runs what needs the kernel's leave. A failure that tells of a missing one is a ForbiddenError. */
export async function ifAllowed<T>(work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    const told = words.exec(textOf(error))?.[0];
    if (told === undefined) throw error;
    throw new ForbiddenError(`the kernel forbids it: ${lineWith(textOf(error), told)}`, { cause: error });
  }
}

function textOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  return 'stderr' in error ? `${String(error.stderr)}\n${error.message}` : error.message;
}

function lineWith(text: string, part: string): string {
  const [line = part] = text.split('\n').filter((each) => each.includes(part));
  return line.trim().slice(0, 300);
}
