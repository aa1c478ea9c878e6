/** Why a search was not done, as the HTTP API says it. */
import { SearchError, type SearchErrorCode } from '../../search/search-error.ts';
import { HttpError, retryAfter } from './http-error.ts';

const statusOf: Readonly<Record<SearchErrorCode, number>> = {
  malformed: 400,
  range: 400,
  unclear: 400,
  pattern: 400,
  query: 400,
  'stale-page': 400,
  'unknown-store': 404,
  'no-store': 404,
  'too-many-searches': 429,
  'store-away': 503,
};

export async function searchTold<Result>(done: Promise<Result>): Promise<Result> {
  try {
    return await done;
  } catch (error) {
    throw httpErrorOf(error);
  }
}

export function searchToldSync<Result>(done: () => Result): Result {
  try {
    return done();
  } catch (error) {
    throw httpErrorOf(error);
  }
}

function httpErrorOf(error: unknown): unknown {
  if (!(error instanceof SearchError)) return error;
  const status = statusOf[error.code];
  return new HttpError(status, error.code, error.message, status === 429 || status === 503 ? retryAfter(2000) : {});
}
