/** Which records of a platform channel are worth parsing: most of what agents measure is for Elasticsearch, and there is much of it. */

/** Of `event.dataset`. What is none of the hub's is read whole only if somebody here wants it. */
const unwanted = new Set([
  'system.process',
  'system.process.summary',
  'system.socket_summary',
  'system.uptime',
  'docker.cpu',
  'docker.memory',
  'docker.diskio',
  'docker.network',
]);

const datasetKey = Buffer.from('"dataset":"');
const quote = 0x22;
const datasetBytesMax = 64;
/** Of these there is one document a device or interface, and one with the sums of all. */
const sumsOnly: Readonly<Record<string, Buffer>> = {
  'system.diskio': Buffer.from('"disk":{'),
  'system.network': Buffer.from('"network":{"ingress"'),
};

export function isWorthParsing(line: Buffer): boolean {
  const key = line.indexOf(datasetKey);
  if (key === -1) return true;
  const begin = key + datasetKey.length;
  const end = line.indexOf(quote, begin);
  if (end === -1 || end - begin > datasetBytesMax) return true;
  const dataset = line.toString('latin1', begin, end);
  if (unwanted.has(dataset)) return false;
  const sums = sumsOnly[dataset];
  return sums === undefined || line.includes(sums);
}
