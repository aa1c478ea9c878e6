/** Globs for names that are no paths: `*` is any text, also with slashes, and `?` any character. */
export type Matcher = (text: string) => boolean;

/** Longer text is not looked at. */
const textCharactersMax = 1024;

export function anyGlob(globs: readonly string[]): Matcher {
  const patterns = globs.map((glob) => patternOf(glob));
  return (text) => text.length <= textCharactersMax && patterns.some((pattern) => pattern.test(text));
}

/** For labels: `name` alone, or `name=value`, both globs. */
export function anyLabelGlob(globs: readonly string[]): (labels: Readonly<Record<string, string>>) => boolean {
  const pairs = globs.map((glob) => {
    const split = glob.indexOf('=');
    const [name, value] = split < 0 ? [glob, '*'] : [glob.slice(0, split), glob.slice(split + 1)];
    return { name: anyGlob([name]), value: anyGlob([value]) };
  });
  return (labels) => Object.entries(labels).some(([name, value]) => pairs.some((pair) => pair.name(name) && pair.value(value)));
}

function patternOf(glob: string): RegExp {
  const source = glob
    .split(/(\*+|\?)/)
    .map((part) => (part.startsWith('*') ? '.*' : part === '?' ? '.' : RegExp.escape(part)))
    .join('');
  return new RegExp(`^${source}$`, 's');
}
