import { closeSync, openSync, writeSync } from 'node:fs';
import type { Random } from '../random.ts';
import type { WrittenFile } from './rotating-file.ts';

export interface BulkLogOptions {
  readonly path: string;
  readonly stream: number;
  readonly generation: number;
  readonly bytes: number;
  readonly random: Random;
}

const phraseCount = 256;
const phraseBytes = 72;
const phrasesPerLine = 10;
const flushBytes = 1 << 20;

/** A large log as services write them, long lines of what was said before and some that is new: it compresses well, eight to one or so. */
export function writeBulkLog({ path, stream, generation, bytes, random }: BulkLogOptions): WrittenFile {
  const phrases = Array.from({ length: phraseCount }, () => phrase(random));
  const handle = openSync(path, 'w');
  let written = 0;
  let lines = 0;
  let pieces: string[] = [];
  let pending = 0;
  const flush = (): void => {
    written += writeSync(handle, Buffer.from(pieces.join(''), 'latin1'));
    pieces = [];
    pending = 0;
  };
  while (written + pending < bytes) {
    let line = `s=${stream} g=${generation} n=${lines} `;
    for (let index = 0; index < phrasesPerLine; index += 1) line += phrases[random.below(phraseCount)] ?? '';
    line += ` trace=${random.next().toString(16)}${random.next().toString(16)} took=${random.below(100_000)}\n`;
    pieces.push(line);
    pending += line.length;
    lines += 1;
    if (pending >= flushBytes) flush();
  }
  flush();
  closeSync(handle);
  return { stream, generation, path, bytes: written, lines };
}

function phrase(random: Random): string {
  let text = '';
  while (text.length < phraseBytes) text += `${random.next().toString(36)} `;
  return text.slice(0, phraseBytes);
}
