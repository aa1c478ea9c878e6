/** Why a request was not answered as asked: becomes `{error, message}`. The message is for a person and holds nothing that a stranger chose. */
export class HttpError extends Error {
  override readonly name = 'HttpError';
  readonly status: number;
  /** Stable, for programs: lower case with dashes. */
  readonly code: string;
  readonly headers: Readonly<Record<string, string>>;

  constructor(status: number, code: string, message: string, headers: Readonly<Record<string, string>> = {}) {
    super(message);
    this.status = status;
    this.code = code;
    this.headers = headers;
  }
}

export interface ErrorBody {
  readonly error: string;
  readonly message: string;
}

/** `Retry-After` counts whole seconds. */
export function retryAfter(ms: number): Readonly<Record<string, string>> {
  return { 'retry-after': String(Math.max(1, Math.ceil(ms / 1000))) };
}
