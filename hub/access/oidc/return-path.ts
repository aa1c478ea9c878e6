const lengthMax = 512;
const nowhere = 'http://same.invalid';

/** Where the browser goes after the sign-in: a path of this site, never another site. Undefined: `text` is none. */
export function returnPathOf(text: string): string | undefined {
  if (text.length > lengthMax || !/^\/[\x21-\x5b\x5d-\x7e]*$/.test(text)) return undefined;
  if (!URL.canParse(text, nowhere)) return undefined;
  const { origin, pathname, search, hash } = new URL(text, nowhere);
  return origin === nowhere && !pathname.startsWith('//') ? pathname + search + hash : undefined;
}
