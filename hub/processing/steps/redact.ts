import { patternProblem } from '@tributary/shared/linear-pattern.ts';
import { type Finder, type Place, presetNames } from '@tributary/shared/redaction/presets.ts';
import { joined } from '@tributary/shared/redaction/redact-record.ts';
import * as z from 'zod';
import { findersOf, hashOf, type RedactionRule } from '../../redaction/redaction-rule.ts';
import type { FieldPath, Fields, FieldValue, MutableFields } from '../record/fields.ts';
import { isObject } from '../record/fields.ts';
import type { PipelineRecord } from '../record/record.ts';
import { fieldPath } from './options.ts';
import { defineStep, type Step, StepError } from './step.ts';

const options = z
  .strictObject({
    scope: z
      .enum(['fields', 'raw'])
      .default('fields')
      .describe(
        "`fields`: texts in fields, and not the names of fields, and the line that is a document's `message` where no step made another: `message` is a field from then on. The record's own bytes stay as they are, in the archive, too. `raw`: the record's bytes, before anything is stored anywhere; what is found keeps its length.",
      ),
    presets: z
      .array(z.enum(presetNames))
      .default([])
      .describe(
        '`card` (with the right check digit), `iban` (likewise), `email`, `ipv4`, `ipv6`, `jwt`, `authorization` (bearer and basic credentials), `aws_key`, `token` (these and other well-known forms), `private_key`, `password` (the value of `password=…` and its like).',
      ),
    patterns: z
      .array(
        z
          .string()
          .min(1)
          .refine((source) => patternProblem(source) === undefined, {
            error: ({ input }) => patternProblem(String(input)) ?? '',
          }),
      )
      .max(100)
      .default([])
      .describe('What matches is hidden, too. What must stand before it goes into a look-behind: `(?<=user=)\\S+`.'),
    fields: z
      .array(fieldPath)
      .min(1)
      .max(100)
      .optional()
      .describe(
        'Only these fields. All texts of the document unless named; without presets and patterns, all of their values. The line of a record is the `message` of its document where no step made another: name `message`, too, where it is to be hidden there.',
      ),
    action: z.enum(['mask', 'hash']).default('mask').describe('A hash is the same for the same text, so that it can be counted.'),
    text: z.string().max(100).optional().describe('What stands for a masked text in fields. As many `*` unless given.'),
    key: z
      .string()
      .min(1)
      .optional()
      .describe(
        'Key of the hash (HMAC-SHA-256), such as `${REDACTION_KEY}`. Without one, whoever has the hash of a short text finds it by trying.',
      ),
  })
  .superRefine(({ scope, presets, patterns, fields, action, text, key }, context) => {
    const isRaw = scope === 'raw';
    const problem = (option: string, message: string): void =>
      context.addIssue({ code: 'custom', path: [option], message, input: undefined });
    if (isRaw && fields !== undefined) problem('fields', 'is not for `scope: raw`: there are no fields yet');
    if (isRaw && text !== undefined) problem('text', 'is not for `scope: raw`: what is hidden keeps its length');
    if (text !== undefined && action === 'hash') problem('text', 'is for `action: mask`');
    if (key !== undefined && action === 'mask') problem('key', 'is for `action: hash`');
    if (presets.length === 0 && patterns.length === 0 && fields === undefined)
      problem('presets', 'or patterns or fields are needed');
  });

/** Deeper than steps make fields, and than a JSON parser that is called again for its texts may go. */
const depthMax = 100;

export const redact = defineStep({
  name: 'redact',
  summary:
    'Hides what should not be read: masks it, or puts a hash in its place. In fields only values are looked at: a name that is itself a secret, such as the address in `{"users": {"ann@example.org": 1}}`, stays, unless the object with it is removed or the scope is `raw`.',
  options,
  make({ scope, fields, text, ...rule }) {
    if (scope === 'raw') return { redactRaw: rule, run: () => undefined };
    const hide = hiderOf(rule, text);
    return fields === undefined ? allTexts(hide) : namedFields(fields, hide);
  },
});

/** The same text where there is nothing to hide. */
type Hide = (text: string) => string;

function hiderOf(rule: RedactionRule, fixed: string | undefined): Hide {
  const { action, key, presets, patterns } = rule;
  const finders: readonly Finder[] =
    presets.length + patterns.length === 0 ? [{ find: (text) => [[0, text.length]] }] : findersOf(rule);
  const instead = (hidden: string): string => {
    if (action === 'hash') return hashOf(hidden, key);
    return fixed ?? '*'.repeat(hidden.length);
  };
  return (text) => {
    const places = joined(finders.flatMap(({ find }) => find(text)));
    return places.length === 0 ? text : replaced(text, places, instead);
  };
}

function replaced(text: string, places: readonly Place[], instead: (hidden: string) => string): string {
  let result = '';
  let from = 0;
  for (const [start, end] of places) {
    result += text.slice(from, start) + instead(text.slice(start, end));
    from = end;
  }
  return result + text.slice(from);
}

function namedFields(fields: readonly FieldPath[], hide: Hide): Step {
  return {
    run(record): void {
      for (const path of fields) {
        const value = record.get(path) ?? (isMessage(path) ? ownLine(record) : undefined);
        if (value === undefined || value === null) continue;
        const hidden = hideIn(value, hide, true, 0);
        if (hidden !== value) record.set(path, hidden);
      }
    },
  };
}

function allTexts(hide: Hide): Step {
  return {
    run(record: PipelineRecord): void {
      const hidden = hideIn(record.fields, hide, false, 0);
      const line = ownLine(record);
      const hiddenLine = line === undefined ? undefined : hide(line);
      if (hiddenLine !== line && hiddenLine !== undefined) record.set(['message'], hiddenLine);
      if (hidden === record.fields || !isObject(hidden)) return;
      const changed: MutableFields = record.edit();
      for (const [name, value] of Object.entries(hidden)) {
        if (Object.hasOwn(changed, name) && changed[name] !== value)
          Object.defineProperty(changed, name, { value, enumerable: true, configurable: true, writable: true });
      }
    },
  };
}

/**
 * What outputs have as the `message` of a document without one: the record's line. What was hidden in fields would stand in it still. Of
 * several documents of one record the first has the line.
 */
function ownLine(record: PipelineRecord): string | undefined {
  return record.fields['message'] === undefined && record.ordinal === 0 ? record.rawText : undefined;
}

function isMessage(path: FieldPath): boolean {
  return path.length === 1 && path[0] === 'message';
}

/** The very same value where there is nothing to hide in it. Numbers of fields that were named are texts for this. */
function hideIn(value: FieldValue, hide: Hide, numbersToo: boolean, depth: number): FieldValue {
  if (typeof value === 'string') return hide(value);
  if (typeof value === 'number' && numbersToo) {
    const text = String(value);
    const hidden = hide(text);
    return hidden === text ? value : hidden;
  }
  if (typeof value !== 'object' || value === null) return value;
  if (depth >= depthMax) throw new StepError('depth', `its fields are nested more than ${depthMax} deep`);
  if (isObject(value)) return hideInObject(value, hide, numbersToo, depth);
  const hidden = value.map((item) => hideIn(item, hide, numbersToo, depth + 1));
  return hidden.some((item, index) => item !== value[index]) ? hidden : value;
}

function hideInObject(value: Fields, hide: Hide, numbersToo: boolean, depth: number): Fields {
  let changed: Map<string, FieldValue> | undefined;
  for (const [name, inner] of Object.entries(value)) {
    const hidden = hideIn(inner, hide, numbersToo, depth + 1);
    if (hidden !== inner) (changed ??= new Map()).set(name, hidden);
  }
  if (changed === undefined) return value;
  return Object.fromEntries(Object.entries(value).map(([name, inner]) => [name, changed.get(name) ?? inner]));
}
