import { text } from 'node:stream/consumers';

const deadlineMs = 5000;

/** Asks the running program; undefined when none answers there. */
export async function askStatus(socketPath: string): Promise<unknown> {
  const answered = Promise.withResolvers<string | undefined>();
  const call = process
    .getBuiltinModule('node:http')
    .request({ socketPath, path: '/status', timeout: deadlineMs, agent: false }, (response) => {
      text(response).then(answered.resolve, answered.reject);
    });
  call.on('timeout', () => call.destroy(new Error(`${socketPath}: no answer within ${deadlineMs} ms`)));
  call.on('error', (error) => {
    const isAbsent = 'code' in error && (error.code === 'ENOENT' || error.code === 'ECONNREFUSED');
    if (isAbsent) answered.resolve(undefined);
    else answered.reject(error);
  });
  call.end();
  const answer = await answered.promise;
  return answer === undefined ? undefined : JSON.parse(answer);
}
