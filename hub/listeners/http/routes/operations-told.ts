/** Why an operator's wish was not done, as the HTTP API says it. */
import { OperationError, type OperationErrorCode } from '../../../channels/operation-error.ts';
import { HttpError } from '../http-error.ts';

const statusOf: Readonly<Record<OperationErrorCode, number>> = { unknown: 404, unclear: 400, unconfirmed: 409, refused: 422 };

export async function told<Result>(done: Promise<Result>): Promise<Result> {
  try {
    return await done;
  } catch (error) {
    if (error instanceof OperationError) throw new HttpError(statusOf[error.code], error.code, error.message);
    throw error;
  }
}
