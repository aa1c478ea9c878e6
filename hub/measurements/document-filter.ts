/** Which records of a platform channel are worth parsing: what agents measure in full is for Elasticsearch and the archive, and there is much of it. */

const datasetKey = Buffer.from('"dataset":"');
/** Of `event.dataset`. How the machine is, an agent tells in one record of its own. */
const unwanted = [Buffer.from('system.'), Buffer.from('docker.')];

/** Of the line in `lines` from `from` to `end`. In place: of very many records hardly one is wanted. */
export function isWorthParsing(lines: Buffer, from: number, end: number): boolean {
  const key = lines.indexOf(datasetKey, from);
  if (key === -1 || key >= end) return true;
  const begin = key + datasetKey.length;
  return !unwanted.some((prefix) => startsAt(lines, begin, prefix));
}

function startsAt(lines: Buffer, begin: number, prefix: Buffer): boolean {
  return prefix.every((byte, index) => lines[begin + index] === byte);
}
