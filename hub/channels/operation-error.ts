export type OperationErrorCode =
  /** No such channel, group, partition or output. */
  | 'unknown'
  /** What was asked for names too little, or something that makes no sense. */
  | 'unclear'
  /** It would skip records, and nobody said that they may go. */
  | 'unconfirmed'
  /** It cannot be done; the message says why. */
  | 'refused';

/** Why an operator's wish was not done. Nothing was changed. The message is for the person who asked. */
export class OperationError extends Error {
  override readonly name = 'OperationError';
  readonly code: OperationErrorCode;

  constructor(code: OperationErrorCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
  }
}
