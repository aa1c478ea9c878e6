/** Files of patterns as Logstash has them: a name, a space and the pattern on each line; lines that begin with `#` are for people. */

const utf8 = new TextDecoder('utf-8', { fatal: true });

/** Throws an Error with a sentence for people. */
export function readPatternFile(bytes: Uint8Array): [name: string, pattern: string][] {
  let text: string;
  try {
    text = utf8.decode(bytes);
  } catch (error) {
    throw new Error('is not UTF-8 text', { cause: error });
  }
  const patterns: [string, string][] = [];
  for (const [index, line] of text.split(/\r?\n/).entries()) {
    if (line.trim() === '' || line.startsWith('#')) continue;
    const [, name, pattern] = /^(\w+)\s+(.*\S)\s*$/.exec(line) ?? [];
    if (name === undefined || pattern === undefined) throw new Error(`has no name and pattern in line ${index + 1}`);
    patterns.push([name, pattern]);
  }
  return patterns;
}
