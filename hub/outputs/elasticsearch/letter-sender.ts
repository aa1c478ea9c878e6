/** Sends dead letters again: as documents that may be there already, each into its index under its id. */
import type { DeadLetter } from '../../dead-letters/dead-letter.ts';
import type { DeadLetterSender } from '../../dead-letters/dead-letter-sender.ts';
import type { BulkSender } from './bulk/bulk-sender.ts';
import { ByteWriter } from './bulk/byte-writer.ts';
import { Piece } from './bulk/piece.ts';

export class LetterSender implements DeadLetterSender {
  readonly #sender: Pick<BulkSender, 'send' | 'abandon'>;

  constructor(sender: Pick<BulkSender, 'send' | 'abandon'>) {
    this.#sender = sender;
  }

  async send(letters: readonly DeadLetter[], signal: AbortSignal): Promise<readonly ('done' | DeadLetter)[]> {
    const piece = pieceOf(letters);
    signal.throwIfAborted();
    const aborted = Promise.withResolvers<never>();
    const onAbort = (): void => aborted.reject(signal.reason);
    signal.addEventListener('abort', onAbort, { once: true });
    try {
      this.#sender.send(piece, 'anywhere');
      await Promise.race([piece.settled, aborted.promise]);
    } finally {
      signal.removeEventListener('abort', onAbort);
      this.#sender.abandon(piece);
    }
    const refusals = new Map(piece.refusals.map((refusal) => [refusal.document, refusal]));
    return letters.map((letter, document) => {
      const refusal = refusals.get(document);
      if (refusal === undefined) return 'done';
      const { status, type, reason } = refusal;
      return { ...letter, status, type, reason };
    });
  }
}

/** They may have been sent at any time. */
const sinceMs = 0;

function pieceOf(letters: readonly DeadLetter[]): Piece {
  const out = new ByteWriter(letters.reduce((sum, { document }) => sum + document.length, 0));
  const ends = letters.map(({ index, id, document }) => {
    out.text(`${JSON.stringify({ create: { _index: index, _id: id } })}\n${document}\n`);
    return out.length;
  });
  const names = [...new Set(letters.map(({ index }) => index))];
  return new Piece({ bytes: out.finish(), ends: Uint32Array.from(ends), refused: [], names }, sinceMs);
}
