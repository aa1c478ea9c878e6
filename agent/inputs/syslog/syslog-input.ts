/**
 * The input of kind `syslog`: messages over UDP, TCP and unix sockets, each a record of the bytes that came, without the octets that
 * framed it. What is in a message is for the hub to find out.
 */
import type { Input } from '../input.ts';
import type { InputParts } from '../registry.ts';
import { createSocketInput } from '../sockets/socket-input.ts';
import type { SyslogInputOptions } from './options.ts';

export function createSyslogInput(parts: InputParts<SyslogInputOptions>): Input {
  return createSocketInput(parts, 'syslog');
}
