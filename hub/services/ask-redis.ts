/** `INFO server` in RESP, without a password: the beginning of what the server says. */
import { connect, type Socket } from 'node:net';
import { connect as connectTls } from 'node:tls';
import type { Answer, Asked } from './answer.ts';
import { answerBytesMax, askDeadlineMs } from './limits.ts';

const question = '*2\r\n$4\r\nINFO\r\n$6\r\nserver\r\n';
const portDefault = 6379;

export function askRedis({ url, address: host }: Asked): Promise<Answer | undefined> {
  const { promise, resolve } = Promise.withResolvers<Answer | undefined>();
  const port = url.port === '' ? portDefault : Number(url.port);
  const socket: Socket =
    url.protocol === 'rediss:' ? connectTls({ host, port, rejectUnauthorized: false }) : connect({ host, port });
  let text = '';
  const settle = (): void => {
    clearTimeout(timer);
    socket.destroy();
    resolve(text === '' ? undefined : { status: 0, text });
  };
  const timer = setTimeout(settle, askDeadlineMs);
  socket.setEncoding('latin1');
  socket.on(url.protocol === 'rediss:' ? 'secureConnect' : 'connect', () => void socket.write(question));
  socket.on('data', (part: string) => {
    text = (text + part).slice(0, answerBytesMax);
    // The first line tells: an error, or the length of what comes.
    if (text.length >= answerBytesMax || text.includes('\r\n')) settle();
  });
  socket.on('end', settle);
  socket.on('error', settle);
  return promise;
}
