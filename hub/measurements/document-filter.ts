/** Which records of a platform channel are worth parsing: what agents measure in full is for Elasticsearch and the archive, and there is much of it. */

const datasetKey = Buffer.from('"dataset":"');
const quote = 0x22;
const datasetBytesMax = 64;
/** Of `event.dataset`. How the machine is, an agent tells in one record of its own. */
const unwanted = /^(system|docker)\./;

export function isWorthParsing(line: Buffer): boolean {
  const key = line.indexOf(datasetKey);
  if (key === -1) return true;
  const begin = key + datasetKey.length;
  const end = line.indexOf(quote, begin);
  if (end === -1 || end - begin > datasetBytesMax) return true;
  return !unwanted.test(line.toString('latin1', begin, end));
}
