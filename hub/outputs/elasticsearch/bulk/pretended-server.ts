/** A cluster in memory, for tests of what is around it: indices behind one name, of which the last one is written to. Not Elasticsearch. */
import { type Answer, NoAnswerError } from '../client/connection.ts';
import type { BulkServer, Sought } from './bulk-server.ts';
import type { NameTroubles } from './named-apart.ts';
import { Piece } from './piece.ts';

type Reply = (documents: readonly { readonly id: string; readonly text: string }[]) => Answer | 'lost' | 'away' | 'usual';

export class PretendedServer implements BulkServer {
  /** Ids in each index, in the order in which they were made. */
  readonly indices: Map<string, string>[] = [new Map()];
  /** Sizes of the requests that came. */
  readonly requests: number[] = [];
  readonly made: string[] = [];
  lookedUp = 0;
  /** What it does in place of the usual; the first one is taken with each request. */
  readonly replies: Reply[] = [];
  checkFails: Error | undefined;
  /** Resolves when it answers. */
  answers: () => Promise<void> = () => Promise.resolve();
  unmade: NameTroubles = new Map();
  readonly checked: string[] = [];
  streams: ReadonlySet<string> = new Set();
  /** Of each request. */
  readonly ofStreams: boolean[] = [];

  rollover(): void {
    this.indices.push(new Map());
  }

  get ids(): string[] {
    return this.indices.flatMap((index) => [...index.keys()]);
  }

  async make(names: ReadonlySet<string>): Promise<NameTroubles> {
    this.made.push(...names);
    return this.unmade;
  }

  async check(names: ReadonlySet<string>): Promise<void> {
    this.checked.push(...names);
    if (this.checkFails !== undefined) throw this.checkFails;
  }

  async lookUp(documents: readonly Sought[]): Promise<ReadonlySet<number>> {
    this.lookedUp += documents.length;
    const before = this.indices.slice(0, -1);
    return new Set(
      documents.flatMap(({ id, doubt }, place) => {
        const asked = doubt === 'anywhere' ? this.indices : before;
        return asked.some((index) => index.has(id)) ? [place] : [];
      }),
    );
  }

  isStream(name: string): boolean {
    return this.streams.has(name);
  }

  async post(body: Buffer, isOfStreams: boolean): Promise<Answer> {
    this.ofStreams.push(isOfStreams);
    const documents = documentsIn(body);
    this.requests.push(documents.length);
    await this.answers();
    const reply = this.replies.shift()?.(documents) ?? 'usual';
    if (reply === 'away') throw new NoAnswerError('connect ECONNREFUSED', false);
    if (typeof reply === 'object') return reply;
    const written = this.indices.at(-1);
    const items = documents.map(({ id, text }) => {
      if (written?.has(id) === true) return { create: { status: 409 } };
      written?.set(id, text);
      return { create: { status: 201 } };
    });
    if (reply === 'lost') throw new NoAnswerError('other side closed', true);
    return { status: 200, body: { errors: items.some(({ create }) => create.status === 409), items } };
  }
}

function documentsIn(body: Buffer): { id: string; text: string }[] {
  const lines = body.toString().split('\n');
  const documents: { id: string; text: string }[] = [];
  for (let at = 0; at + 1 < lines.length; at += 2) {
    const action: { create: { _id: string } } = JSON.parse(lines[at] ?? '');
    const { _id: id } = action.create;
    documents.push({ id, text: lines[at + 1] ?? '' });
  }
  return documents;
}

/** A piece of documents with these ids, each of the same length; in turn to the indices of these names. */
export function pieceWith(ids: readonly string[], fill = 0, names: readonly string[] = ['logs-app-acme']): Piece {
  const ends: number[] = [];
  let text = '';
  for (const [at, id] of ids.entries()) {
    text += `{"create":{"_index":"${names[at % names.length]}","_id":"${id}"}}\n{"message":"${id}${'x'.repeat(fill)}"}\n`;
    ends.push(Buffer.byteLength(text));
  }
  const bytes = new Uint8Array(Buffer.from(text));
  return new Piece({ bytes, ends: Uint32Array.from(ends), refused: [], names }, 0);
}
