import { text } from 'node:stream/consumers';

const deadlineMs = 5000;

export interface LocalAnswer {
  readonly statusCode: number;
  readonly value: unknown;
}

/** Asks the running program for its status; undefined when none answers there. */
export async function askStatus(socketPath: string): Promise<unknown> {
  return (await askLocal({ socketPath, method: 'GET', path: '/status' }))?.value;
}

/** Asks the running program anything that is answered by one JSON value; undefined when none answers there. */
export async function askLocal(asked: {
  readonly socketPath: string;
  readonly method: 'GET' | 'POST';
  readonly path: string;
  readonly timeoutMs?: number;
}): Promise<LocalAnswer | undefined> {
  const { socketPath, method, path, timeoutMs = deadlineMs } = asked;
  const answered = Promise.withResolvers<{ statusCode: number; body: string } | undefined>();
  const call = process
    .getBuiltinModule('node:http')
    .request({ socketPath, method, path, timeout: timeoutMs, agent: false }, (response) => {
      const { statusCode = 0 } = response;
      text(response).then((body) => answered.resolve({ statusCode, body }), answered.reject);
    });
  call.on('timeout', () => call.destroy(new Error(`${socketPath}: no answer within ${timeoutMs} ms`)));
  call.on('error', (error) => {
    const isAbsent = 'code' in error && (error.code === 'ENOENT' || error.code === 'ECONNREFUSED');
    if (isAbsent) answered.resolve(undefined);
    else answered.reject(error);
  });
  call.end();
  const answer = await answered.promise;
  return answer === undefined ? undefined : { statusCode: answer.statusCode, value: JSON.parse(answer.body) };
}
