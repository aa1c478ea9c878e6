/** Which records of a platform channel are worth parsing: what agents measure in full is for Elasticsearch and the archive, and there is much of it. */

const datasetKey = Buffer.from('"dataset":"');
/** Of `event.dataset`. How the machine is, an agent tells in one record of its own. */
const unwanted = [Buffer.from('system.'), Buffer.from('docker.')];

/** Looks at bytes: of very many records hardly one is wanted. No further than the line's end, however many lines follow. */
export function isWorthParsing(line: Buffer): boolean {
  const key = line.indexOf(datasetKey);
  const begin = key + datasetKey.length;
  return key === -1 || !unwanted.some((prefix) => prefix.every((byte, index) => line[begin + index] === byte));
}
