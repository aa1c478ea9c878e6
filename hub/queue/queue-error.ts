export type QueueErrorCode =
  /** The store has no room even for this small change; try again later. */
  | 'QUEUE_NO_SPACE'
  /** The store cannot be reached, or does not answer; try again later. */
  | 'QUEUE_UNAVAILABLE'
  /** The hub stops and asks nothing of its store any more. */
  | 'QUEUE_CLOSED'
  /** A stream was opened with another tenant or type than it has. */
  | 'QUEUE_STREAM_CHANGED'
  /** Another process has the store open. */
  | 'QUEUE_IN_USE'
  /** The caller knows no such stream, topic or group. */
  | 'QUEUE_UNKNOWN'
  /** A commit that goes back, or beyond what there is. */
  | 'QUEUE_RANGE'
  /** An archive commit that is not the plan's. */
  | 'QUEUE_PLAN';

/** What a caller of the queue did that the store cannot do. Nothing was changed. */
export class QueueError extends Error {
  override readonly name = 'QueueError';
  readonly code: QueueErrorCode;
  constructor(code: QueueErrorCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
  }
}

/** What fails for it is not worth a word: the hub has said that it stops without its store. */
export function isClosed(error: unknown): boolean {
  return error instanceof QueueError && error.code === 'QUEUE_CLOSED';
}
