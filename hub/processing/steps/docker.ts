import * as z from 'zod';
import { isObject, type FieldValue, type MutableFields } from '../record/fields.ts';
import type { PipelineRecord } from '../record/record.ts';
import { addFields } from './add-fields.ts';
import { fromOption, textOf } from './options.ts';
import { defineStep, StepError, type StepResult } from './step.ts';
import { IsoTime } from './time/iso-time.ts';

const options = z.strictObject({ from: fromOption });

/** What the lines of one of the container's two streams say together. */
interface StreamText {
  readonly stream: string;
  readonly eventMs: number | undefined;
  readonly attributes: FieldValue | undefined;
  text: string;
  /** The engine split a line, and the rest of it is not in this record. */
  isPartial: boolean;
}

interface EngineLine {
  readonly stream: string;
  readonly text: string;
  readonly eventMs: number | undefined;
  readonly attributes: FieldValue | undefined;
  readonly isPartial: boolean;
}

const criLine = /^(\S{20,40}) (stdout|stderr) ([FP])(?::\S*)?(?: |$)/;

/**
 * The agent makes one record of the parts of a line that the engine split, and of the lines of one event: their texts are one again. A
 * record that holds lines of both of the container's streams becomes two documents.
 */
export const docker = defineStep({
  name: 'docker',
  summary:
    "Reads lines of a container's log: of Docker's `json-file`, or of Kubernetes (CRI). What the container wrote becomes `message`. A line whose time or stream no engine writes has failed.",
  options,
  make({ from }) {
    const time = new IsoTime(undefined);
    return {
      run(record): StepResult {
        const streams = streamTexts(textOf(record, from), time);
        const [first, second] = streams;
        if (first === undefined) throw new StepError('no_match', 'it is empty');
        const other = second === undefined ? undefined : record.sibling(structuredClone<MutableFields>({ ...record.fields }));
        put(record, first);
        if (second === undefined || other === undefined) return undefined;
        put(other, second);
        return [record, other];
      },
    };
  },
});

/** Of stdout, of stderr or of both, that which began first before the other. Throws a StepError. */
function streamTexts(record: string, time: IsoTime): readonly StreamText[] {
  const found: StreamText[] = [];
  for (const line of record.split('\n')) {
    if (line === '') continue;
    const { stream, text, isPartial, ...others } = line.startsWith('{') ? jsonFileLine(line, time) : criLineOf(line, time);
    const present = found.find((one) => one.stream === stream);
    if (present === undefined) found.push({ stream, text, isPartial, ...others });
    else {
      present.text += present.isPartial ? text : `\n${text}`;
      present.isPartial = isPartial;
    }
  }
  return found;
}

function put(record: PipelineRecord, { stream, text, eventMs, attributes, isPartial }: StreamText): void {
  const fields: MutableFields = { message: text.endsWith('\r') ? text.slice(0, -1) : text, stream };
  if (attributes !== undefined || isPartial) {
    fields['docker'] = { ...(attributes === undefined ? {} : { attrs: attributes }), ...(isPartial ? { partial: true } : {}) };
  }
  addFields(record, fields);
  if (eventMs !== undefined) record.eventMs = eventMs;
}

/** `{"log":"text\n","stream":"stdout","time":"2026-11-22T04:05:06.789012345Z"}`; a line that was split has no newline. */
function jsonFileLine(line: string, time: IsoTime): EngineLine {
  const value = parsed(line);
  const { log, stream, time: written, attrs } = isObject(value) ? value : {};
  if (typeof log !== 'string') throw new StepError('no_match', 'it is no line of a json-file log: it has no text "log"');
  const isWhole = log.endsWith('\n');
  return {
    stream: streamName(stream),
    text: isWhole ? log.slice(0, -1) : log,
    eventMs: written === undefined ? undefined : timeOf(written, time),
    attributes: isObject(attrs) ? attrs : undefined,
    isPartial: !isWhole,
  };
}

/** The engine leaves out what is empty. Whatever else it is was not written by it, and is not guessed at. */
function streamName(stream: FieldValue | undefined): string {
  if (stream === undefined || stream === 'stdout' || stream === 'stderr') return stream ?? 'stdout';
  throw new StepError('no_match', `its stream is ${shown(stream)}, and neither stdout nor stderr`);
}

function timeOf(written: FieldValue, time: IsoTime): number {
  const eventMs = typeof written === 'string' ? time.at(written, 0, written.length) : undefined;
  if (eventMs !== undefined) return eventMs;
  throw new StepError('timestamp', `its time is ${shown(written)}, and none as Docker has them, such as 2026-11-22T04:05:06.7Z`);
}

function shown(value: FieldValue): string {
  return JSON.stringify(value).slice(0, 60);
}

function parsed(line: string): FieldValue {
  try {
    const value: FieldValue = JSON.parse(line);
    return value;
  } catch (error) {
    throw new StepError('json', `it is not JSON: ${error instanceof Error ? error.message : String(error)}`, { cause: error });
  }
}

/** `2026-11-22T04:05:06.789012345Z stdout F text`; a line that was split has a P. */
function criLineOf(line: string, time: IsoTime): EngineLine {
  const [head = '', written = '', stream = '', tag] = criLine.exec(line.slice(0, 100)) ?? [];
  const eventMs = head === '' ? undefined : time.at(written, 0, written.length);
  if (eventMs === undefined) throw new StepError('no_match', "it is a line neither of Docker's json-file nor of CRI");
  return { stream, text: line.slice(head.length), eventMs, attributes: undefined, isPartial: tag === 'P' };
}
