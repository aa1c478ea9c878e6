/**
 * Why bytes are no frame of this protocol, or not one within its limits. `message` names the field and is fit to be told to the
 * peer: it holds no content.
 *
 * - `malformed`: not protobuf, a field missing, out of its range or at odds with another field;
 * - `limit`: within the format, but longer or more than limits.ts allows;
 * - `unknown-message`: a well-formed frame whose message this version does not know, or none at all.
 */
export type FrameErrorCode = 'malformed' | 'limit' | 'unknown-message';

export class FrameError extends Error {
  override readonly name = 'FrameError';
  readonly code: FrameErrorCode;

  constructor(code: FrameErrorCode, message: string, cause?: unknown) {
    super(message, cause === undefined ? {} : { cause });
    this.code = code;
  }
}
