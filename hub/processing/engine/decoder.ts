/** Text of a record's bytes, by the encoding that its stream declares. */

/** Undeclared is UTF-8. */
export function isUtf8Name(encoding: string): boolean {
  return encoding === '' || encoding === 'utf-8';
}

/** What does not fit the encoding becomes U+FFFD; an encoding that nobody knows is read as UTF-8. */
export function decoderOf(encoding: string): (bytes: Uint8Array) => string {
  if (isUtf8Name(encoding)) return utf8;
  let decoder: TextDecoder;
  try {
    decoder = new TextDecoder(encoding);
  } catch {
    return utf8;
  }
  return (bytes) => decoder.decode(bytes);
}

/** What programs on Windows put before the first line of a file. It belongs to the encoding, as a TextDecoder has it, too. */
export function beginsWithMark(bytes: Uint8Array): boolean {
  return bytes[0] === 0xef && bytes[1] === 0xbb && bytes[2] === 0xbf;
}

/** Faster than a TextDecoder on short lines. */
function utf8(bytes: Uint8Array): string {
  const from = beginsWithMark(bytes) ? 3 : 0;
  return Buffer.from(bytes.buffer, bytes.byteOffset + from, bytes.byteLength - from).toString('utf8');
}
