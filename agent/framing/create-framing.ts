/** What the options of framing-options.ts mean: the framer and the filter of a source. Every pattern is compiled once, here. */
import { criLineFramer } from './cri-lines.ts';
import { createFilter } from './create-filter.ts';
import { dockerLineFramer } from './docker-lines.ts';
import type { RecordFilter } from './filters.ts';
import type { Framer } from './framer.ts';
import type { FilterOptions, MultilineOptions } from './framing-options.ts';
import { lineFramer } from './lines.ts';
import { createMultilineFramer } from './multiline.ts';
import { recordText } from './record-text.ts';
import { wideLineFramer } from './wide-lines.ts';

export interface FramingOptions {
  /** Declared encoding of the bytes. */
  readonly encoding: string;
  /** What a container engine writes: lines that it split are one record. */
  readonly container?: 'docker' | 'cri' | undefined;
  readonly multiline?: MultilineOptions | undefined;
  readonly filters?: FilterOptions | undefined;
}

export interface Framing {
  readonly framer: Framer;
  /** Undefined: every record is shipped as it is. */
  readonly filter: RecordFilter | undefined;
}

export function createFraming(options: FramingOptions): Framing {
  return { framer: createFramer(options), filter: createFilter(options.filters, options.encoding, options.container) };
}

export function createFramer({ encoding, container, multiline }: Omit<FramingOptions, 'filters'>): Framer {
  const base = container === undefined ? linesOf(encoding) : container === 'docker' ? dockerLineFramer : criLineFramer;
  if (multiline === undefined) return base;
  return createMultilineFramer({ base, options: multiline, textOf: recordText(encoding, container) });
}

function linesOf(encoding: string): Framer {
  const { encoding: name } = new TextDecoder(encoding);
  return name === 'utf-16le' || name === 'utf-16be' ? wideLineFramer(name) : lineFramer;
}
