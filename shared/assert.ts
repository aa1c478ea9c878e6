/** A broken rule of our own: the program must not go on. Worlds that fail are errors or values, never this. */
export class AssertionFailedError extends Error {
  readonly code = 'ASSERTION_FAILED';
  override readonly name = 'AssertionFailedError';
}

/** Throws when a rule of our own does not hold. `message` says which rule, in the present tense. */
export function assert(condition: boolean, message: string): asserts condition {
  if (!condition) throw new AssertionFailedError(message);
}

/** Marks a branch that the types say cannot be reached. */
export function unreachable(value: never): never {
  throw new AssertionFailedError(`unreachable: ${JSON.stringify(value)}`);
}
