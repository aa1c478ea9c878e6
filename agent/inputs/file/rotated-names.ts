/**
 * Which names a rotation gives to the files of a log: `app.log` becomes `app.log.1`, `app.log-20261121`, `app-2026-11-21.log`,
 * `app.1.log`, and with `.gz`, `.zst` behind it when it is compressed. A relation of names never decides alone: files of related
 * names are compared by content.
 */
const compressedEnd = /\.(?:gz|zst|zstd)$/i;
const rotationEnd = /^(.*[^.\-_~])(?:[.\-_]+(?:\d[\dTZ:.\-_]*|old|bak|backup|orig|prev|save)|~)$/i;
const rotationBeforeExtension = /^(.*?[^.\-_])[.\-_]+\d[\dTZ:.\-_]*(\.[a-z]+)$/i;

/** Names that a file of this name may have had before; none: it does not look rotated. */
export function namesBefore(name: string): readonly string[] {
  const names = new Set<string>();
  const plain = name.replace(compressedEnd, '');
  if (plain !== name && plain !== '') names.add(plain);
  const infix = rotationBeforeExtension.exec(plain);
  if (infix?.[1] !== undefined && infix[2] !== undefined) names.add(infix[1] + infix[2]);
  for (let rest = plain; ;) {
    const before = rotationEnd.exec(rest)?.[1];
    if (before === undefined) break;
    names.add(before);
    rest = before;
  }
  return [...names];
}

/** Whether the file named `later` may hold what one named `earlier` held: either is a rotation of the other's origin. */
export function mayFollow(earlier: string, later: string): boolean {
  if (earlier === later) return false;
  const before = namesBefore(later);
  if (before.includes(earlier)) return true;
  return namesBefore(earlier).some((origin) => before.includes(origin));
}
