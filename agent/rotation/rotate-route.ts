import { type LocalRoute, LocalRequestError } from '../status/status-server.ts';
import { type Rotator, UnknownGroupError } from './rotator.ts';

/** `POST /rotate?group=NAME&group=…` on the local socket: rotates these groups now, without a name all of them. */
export function rotateRoute(rotator: Rotator): LocalRoute {
  return async ({ query }) => {
    try {
      return { groups: await rotator.rotate(query.getAll('group')) };
    } catch (error) {
      if (error instanceof UnknownGroupError) throw new LocalRequestError(404, error.message);
      throw error;
    }
  };
}
