/** All that HAProxy logs without being told how: connections, in its own formats and in that of web servers, and what it does itself. */
import type { MutableFields } from '../../record/fields.ts';
import { CommonLogTime } from '../time/common-log-time.ts';
import type { TimeZone } from '../time/time-zone.ts';
import { DefaultLines } from './default-lines.ts';
import { type LineReader, logFormat } from './log-format.ts';
import { processMessage } from './process-messages.ts';

/** `option httplog clf`, as the manual has it. */
const clfFormat =
  '%{+Q}o %{-Q}ci - - [%trg] %r %ST %B \\"\\" \\"\\" %cp %ms %ft %b %s %TR %Tw %Tc %Tr %Ta %tsc %ac %fc %bc %sc %rc %sq %bq %CC %CS';

export interface UsualLine {
  readonly fields: MutableFields;
  readonly eventMs: number | undefined;
}

export class UsualLines {
  readonly #default: DefaultLines;
  /** With and without lists of captured headers. */
  readonly #clf: readonly LineReader[];

  constructor(zone: TimeZone) {
    const options = { zone, names: new Map(), captured: { request: [], response: [] } };
    this.#default = new DefaultLines(new CommonLogTime(zone));
    this.#clf = [`${clfFormat} %{-Q}hrl`, clfFormat].map((format) => logFormat(format, options));
  }

  /** Undefined where the line is of another form. */
  read(text: string, from: number): UsualLine | undefined {
    const line = this.#default.read(text, from);
    if (line !== undefined) return line;
    if (text.startsWith(' - - [', text.indexOf(' ', from))) return this.#clfLine(text, from);
    const fields = processMessage(text.slice(from));
    return fields === undefined ? undefined : { fields, eventMs: undefined };
  }

  #clfLine(text: string, from: number): UsualLine | undefined {
    for (const format of this.#clf) {
      const line = format.read(text, from);
      if (line !== undefined) return line;
    }
    return undefined;
  }
}
