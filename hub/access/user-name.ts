/**
 * Names of people: in any script, with nothing that a terminal obeys or that hides, and no colon, so that nobody is called as a token or
 * the console is in the audit trail. What looks alike is the same name (Unicode's NFC).
 */
export const userNameRule =
  "a user's name is 1 to 100 letters, digits, spaces and any of . _ @ + ' | = - , and begins and ends with none of the signs but _";

const pattern = /^[\p{L}\p{N}_](?:[\p{L}\p{M}\p{N} ._@+'|=-]{0,98}[\p{L}\p{M}\p{N}_=])?$/u;

export function isUserName(name: string): boolean {
  return name.length <= 200 && pattern.test(name) && name === canonicalUserName(name);
}

/** How the registry has it. */
export function canonicalUserName(name: string): string {
  return name.normalize('NFC');
}
