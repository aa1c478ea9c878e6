/** The receiver was there and does not want what this message says: it would say so each time. */
export class RefusedError extends Error {
  override readonly name = 'RefusedError';
}
