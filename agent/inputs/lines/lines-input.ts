/** The input of kind `lines`: what comes over TCP and unix sockets, each line a record with its newline, as in a file. */
import type { Input } from '../input.ts';
import type { InputParts } from '../registry.ts';
import { createSocketInput } from '../sockets/socket-input.ts';
import type { LinesInputOptions } from './options.ts';

export function createLinesInput(parts: InputParts<LinesInputOptions>): Input {
  return createSocketInput(parts, 'lines');
}
