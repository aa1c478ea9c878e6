/** What a case must find in the archive: records in sequences, each in its order; between sequences there is none. */
import type { ArchivedStream } from '../harness/read-archive.ts';

export interface ExpectedRecord {
  readonly text: string;
  readonly flags: string;
}

export interface ArrivedRecord extends ExpectedRecord {
  readonly row: number;
  readonly stream: string;
  readonly position: number;
  readonly source: string;
  readonly labels: string;
}

export class Expectation {
  readonly #sequences = new Map<string, ExpectedRecord[]>();
  #records = 0;

  get records(): number {
    return this.#records;
  }

  get all(): readonly ExpectedRecord[] {
    return [...this.#sequences.values()].flat();
  }

  add(sequence: string, record: ExpectedRecord): void {
    this.#sequences.getOrInsertComputed(sequence, () => []).push(record);
    this.#records += 1;
  }

  /** What is wrong with what arrived, in the order of the archive; empty when nothing is. */
  problems(arrived: readonly ArrivedRecord[]): string[] {
    const owners = new Map<string, string>();
    for (const [sequence, records] of this.#sequences) {
      for (const { text, flags } of records) owners.set(keyOf({ text, flags }), sequence);
    }
    const problems: string[] = [];
    const bySequence = new Map<string, string[]>();
    for (const record of arrived) {
      const owner = owners.get(keyOf(record));
      if (owner === undefined) problems.push(`a record that was not to come: ${shown(record)} of ${record.source}`);
      else bySequence.getOrInsertComputed(owner, () => []).push(keyOf(record));
    }
    for (const [sequence, records] of this.#sequences) {
      problems.push(...compare(sequence, records.map(keyOf), bySequence.get(sequence) ?? []));
    }
    return [...problems, ...positionProblems(arrived)];
  }
}

/** Records of an archive's channels as they came, whatever stream they are of. */
export function arrivedRecords(streams: readonly ArchivedStream[], channels: readonly string[]): ArrivedRecord[] {
  const records: ArrivedRecord[] = [];
  for (const { stream, source, labels, channel, pieces, raw } of streams) {
    if (!channels.includes(channel)) continue;
    let offset = 0;
    for (const { position, bytes, flags, row } of pieces) {
      const text = raw.toString('latin1', offset, offset + bytes);
      records.push({ text, flags, row, stream, position, source, labels });
      offset += bytes;
    }
  }
  return records.toSorted((left, right) => left.row - right.row);
}

function compare(sequence: string, expected: readonly string[], arrived: readonly string[]): string[] {
  const first = expected.findIndex((record, index) => record !== arrived[index]);
  if (first === -1 && expected.length === arrived.length) return [];
  const counts = `${arrived.length} of ${expected.length} records of ${sequence} arrived`;
  if (first === -1) return [`${counts}: more than were written, from ${shownKey(arrived[expected.length])} on`];
  return [`${counts}: at ${first} there is ${shownKey(arrived[first])} instead of ${shownKey(expected[first])}`];
}

/** Within a stream positions ascend, and no byte is in two records. */
function positionProblems(arrived: readonly ArrivedRecord[]): string[] {
  const ends = new Map<string, number>();
  const problems: string[] = [];
  for (const { stream, position, text } of arrived) {
    if (position < (ends.get(stream) ?? 0)) problems.push(`position ${position} of stream ${stream} arrived twice`);
    ends.set(stream, position + text.length);
  }
  return problems;
}

function keyOf({ text, flags }: ExpectedRecord): string {
  return `${flags}\n${text}`;
}

function shown({ text, flags }: ExpectedRecord): string {
  const start = text.length > 80 ? `${text.slice(0, 80)}… (${text.length} bytes)` : text;
  return JSON.stringify(start) + (flags === '' ? '' : ` (${flags})`);
}

function shownKey(key: string | undefined): string {
  if (key === undefined) return 'nothing';
  const end = key.indexOf('\n');
  return shown({ flags: key.slice(0, end), text: key.slice(end + 1) });
}
