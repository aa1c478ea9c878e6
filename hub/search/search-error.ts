/** Why a search cannot be done as asked. The message is for who asked; it may hold what they typed, and nothing else from outside. */
export type SearchErrorCode =
  | 'malformed'
  | 'range'
  | 'unclear'
  | 'pattern'
  | 'query'
  | 'unknown-store'
  | 'no-store'
  | 'stale-page'
  | 'too-many-searches'
  | 'store-away';

export class SearchError extends Error {
  override readonly name = 'SearchError';
  readonly code: SearchErrorCode;

  constructor(code: SearchErrorCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
  }
}

/** What is answered in part must not look like all of it. */
export function brokenOffText({ reason }: AbortSignal): string {
  const isLate = reason instanceof DOMException && reason.name === 'TimeoutError';
  return `the search was broken off: ${isLate ? 'it took too long, ask for less time' : 'the hub is stopping, ask again'}`;
}

export function stalePage(): SearchError {
  return new SearchError('stale-page', 'after belongs to another search: leave it out, and begin anew');
}
