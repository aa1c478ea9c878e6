/** Texts with values of a record in them: `{{ http.request.method }} {{ url.path }}`. */
import { labelSlot, recordSlots } from '../conditions/slots.ts';
import { celToField } from '../conditions/cel-to-field.ts';
import { type FieldValue, parseFieldPath } from '../record/fields.ts';
import type { PipelineRecord } from '../record/record.ts';
import { jsonText } from './copy-value.ts';

export interface Template {
  /** Undefined where one of its fields is not there. A template that is one value and nothing else has the value's type. */
  valueOf(record: PipelineRecord): FieldValue | undefined;
}

type Part = string | ((record: PipelineRecord) => FieldValue | undefined);

/** A text without `{{` is itself. Else what is wrong with it, as a TemplateError. */
export function parseTemplate(text: string): Template {
  const parts = partsOf(text);
  const [first] = parts;
  if (parts.length === 1 && typeof first === 'function') return { valueOf: first };
  return {
    valueOf(record): string | undefined {
      let made = '';
      for (const part of parts) {
        const value = typeof part === 'string' ? part : part(record);
        if (value === undefined || value === null) return undefined;
        made += typeof value === 'string' ? value : jsonText(value);
      }
      return made;
    },
  };
}

/** The message is for the person who wrote the template. */
export class TemplateError extends Error {
  override readonly name = 'TemplateError';
}

function partsOf(text: string): Part[] {
  const parts: Part[] = [];
  let at = 0;
  for (let open = text.indexOf('{{'); open >= 0; open = text.indexOf('{{', at)) {
    const close = text.indexOf('}}', open);
    if (close < 0) throw new TemplateError(`the {{ at character ${open + 1} is not closed`);
    if (open > at) parts.push(text.slice(at, open));
    parts.push(valuePart(text.slice(open + 2, close).trim()));
    at = close + 2;
  }
  if (at < text.length || parts.length === 0) parts.push(text.slice(at));
  return parts;
}

function valuePart(name: string): Part {
  const path = parseFieldPath(name);
  if (path === undefined) throw new TemplateError(`{{ ${name} }} is no name of a field`);
  const [first, member = '', label, ...others] = path;
  if (name === 'message') return ({ text }) => text;
  if (first !== 'record') return (record) => record.get(path);
  if (member === 'labels' && label !== undefined && others.length === 0) return slotPart(labelSlot(name, label).read);
  const slot = Object.hasOwn(recordSlots, member) && label === undefined ? recordSlots[member] : undefined;
  if (slot === undefined || member === 'labels')
    throw new TemplateError(
      `there is no {{ ${name} }}; record has ${Object.keys(recordSlots).join(', ')}, and labels by their names`,
    );
  return slotPart(slot.read);
}

function slotPart(read: (record: PipelineRecord) => unknown): Part {
  return (record) => {
    const value = read(record);
    return value === undefined ? undefined : celToField(value);
  };
}
