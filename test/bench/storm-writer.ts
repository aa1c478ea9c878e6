/**
 * A process that appends to a log at a pace and waits for nobody: storm-writer.ts PATH STREAM BYTES_PER_SECOND PID_FILE. Opens its log
 * anew on SIGHUP, ends on SIGTERM and then tells what it wrote as one JSON line.
 *
 * A line begins with `s=<stream> n=<number> `, both of fixed width, so that it can be told apart from every other.
 */
import { closeSync, openSync, writeFileSync, writeSync } from 'node:fs';
import { lineBytes, numberDigits, numberOffset } from './storm-lines.ts';

const [path = '', stream = '0', pace = '0', pidFile = ''] = process.argv.slice(2);
const bytesPerSecond = Number(pace);
const tickMs = 5;
const linesPerWrite = 128;
const chunk = Buffer.alloc(lineBytes * linesPerWrite);

let log = openSync(path, 'a');
let lines = 0;
let longestWriteMs = 0;
const beganMs = performance.now();

for (let line = 0; line < linesPerWrite; line += 1) {
  const words = `GET /shop/item/${line}?page=${line % 7} 200 from 10.0.${line % 250}.7 in ${line % 90} ms, agent "Mozilla/5.0 (X11)"; `;
  const text = `s=${stream} n=${'0'.repeat(numberDigits)} ${words.repeat(5)}`;
  chunk.write(`${text.slice(0, lineBytes - 1)}\n`, line * lineBytes, 'latin1');
}

function writeChunk(): void {
  for (let line = 0; line < linesPerWrite; line += 1) {
    let number = lines + line;
    for (let at = line * lineBytes + numberOffset + numberDigits - 1; number > 0; at -= 1) {
      chunk[at] = 0x30 + (number % 10);
      number = Math.floor(number / 10);
    }
  }
  const start = performance.now();
  for (let at = 0; at < chunk.length;) at += writeSync(log, chunk, at);
  longestWriteMs = Math.max(longestWriteMs, performance.now() - start);
  lines += linesPerWrite;
}

const timer = setInterval(() => {
  const dueBytes = (bytesPerSecond * (performance.now() - beganMs)) / 1000;
  while (lines * lineBytes < dueBytes) writeChunk();
}, tickMs);
process.on('SIGHUP', () => {
  closeSync(log);
  log = openSync(path, 'a');
});
process.on('SIGTERM', () => {
  clearInterval(timer);
  closeSync(log);
  process.stdout.write(`${JSON.stringify({ lines, longestWriteMs, seconds: (performance.now() - beganMs) / 1000 })}\n`);
});
writeFileSync(pidFile, `${process.pid}\n`);
