/** Answers that come bit by bit: lines, and server-sent events. Whoever stops taking them ends the answer. */
import { believed } from './api.ts';

export interface ServerEvent {
  readonly event: string;
  readonly data: string;
}

/** What follows the last line end is told as a line, too: an answer that was broken off ends in half of one, which nobody can read. */
export async function* linesOf(body: ReadableStream<Uint8Array>): AsyncGenerator<string> {
  const reader = body.getReader();
  const decoder = new TextDecoder();
  let rest = '';
  try {
    for (;;) {
      const { done, value } = await reader.read();
      const lines = (rest + (done ? decoder.decode() : decoder.decode(value, { stream: true }))).split('\n');
      rest = done ? '' : (lines.pop() ?? '');
      for (const line of lines) if (line !== '' || !done) yield line;
      if (done) return;
    }
  } finally {
    await reader.cancel().catch(() => undefined);
  }
}

/** NDJSON. */
export async function* valuesOf<T>(body: ReadableStream<Uint8Array>): AsyncGenerator<T> {
  for await (const line of linesOf(body)) if (line !== '') yield believed<T>(JSON.parse(line));
}

export async function* eventsOf(body: ReadableStream<Uint8Array>): AsyncGenerator<ServerEvent> {
  let event = 'message';
  let data: string[] = [];
  for await (const line of linesOf(body)) {
    if (line === '') {
      if (data.length > 0) yield { event, data: data.join('\n') };
      event = 'message';
      data = [];
    } else if (line.startsWith('event: ')) event = line.slice('event: '.length);
    else if (line.startsWith('data: ')) data.push(line.slice('data: '.length));
  }
}
