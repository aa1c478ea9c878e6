/** What a password must be: long. Nothing else is asked of it, as nothing else makes it hard to guess. */
export const passwordLengthMin = 10;
/** More is refused before any work is done with it. */
export const passwordBytesMax = 1024;

/** Why it may not be a password of this person; undefined: it may. */
export function passwordProblem(password: string, name: string): string | undefined {
  const characters = Array.from(password).length;
  if (characters < passwordLengthMin) return `a password has ${passwordLengthMin} characters or more`;
  if (Buffer.byteLength(password) > passwordBytesMax) return `a password has at most ${passwordBytesMax} bytes`;
  if (new Set(password).size < 4) return 'a password has more than three different characters';
  if (name !== '' && password.toLowerCase().replaceAll(name.toLowerCase(), '').length < 4) {
    return "a password is more than the user's name";
  }
  return undefined;
}
