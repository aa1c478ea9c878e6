/** Which records of a platform channel are worth parsing: what agents measure in full is for Elasticsearch and the archive, and there is much of it. */

const datasetKey = '"dataset":"';
/** Of `event.dataset`. How the machine is, an agent tells in one record of its own. */
const unwanted = ['system.', 'docker.'];

/** Of lines, without their ends: of very many hardly one is wanted. Looks at the text once, however long its lines are. */
export function* wantedRecords(lines: string): Generator<string> {
  let key = -1;
  for (let from = 0; from < lines.length;) {
    const end = placeOf('\n', lines, from);
    if (key < from) key = placeOf(datasetKey, lines, from);
    const isUnwanted = key < end && unwanted.some((prefix) => lines.startsWith(prefix, key + datasetKey.length));
    if (end > from && !isUnwanted) yield lines.slice(from, end);
    from = end + 1;
  }
}

/** The end of the text where it is not in it. */
function placeOf(what: string, text: string, from: number): number {
  const place = text.indexOf(what, from);
  return place === -1 ? text.length : place;
}
