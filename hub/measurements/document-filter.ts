/** Which records of a platform channel are worth parsing: what agents measure in full is for Elasticsearch and the archive, and there is much of it. */

const datasetKey = Buffer.from('"dataset":"');
/** Of `event.dataset`. How the machine is, an agent tells in one record of its own. */
const unwanted = [Buffer.from('system.'), Buffer.from('docker.')];

/** Looks at bytes: of very many records hardly one is wanted. No further than the line's end, however many lines follow. */
export function isWorthParsing(line: Buffer): boolean {
  const key = line.indexOf(datasetKey);
  if (key === -1) return true;
  const begin = key + datasetKey.length;
  for (const prefix of unwanted) if (isAt(line, begin, prefix)) return false;
  return true;
}

function isAt(line: Buffer, begin: number, prefix: Buffer): boolean {
  for (let index = 0; index < prefix.length; index += 1) if (line[begin + index] !== prefix[index]) return false;
  return true;
}
