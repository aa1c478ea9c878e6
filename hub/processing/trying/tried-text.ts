/** What was tried, for a person. Lines are strangers' text: nothing of them reaches a terminal as it is. */
import { printable } from '@tributary/shared/printable.ts';
import type { FieldValue } from '../record/fields.ts';
import type { Destination } from '../record/record.ts';
import type { MetricChange } from '../steps/step.ts';
import type { FieldChange, TriedDocument, TriedError, TriedLine, TriedStep } from './tried.ts';

export type Paint = (style: keyof typeof styles, text: string) => string;

const styles = { bold: '1', dim: '2', added: '32', removed: '31', changed: '33', failed: '31;1' } as const;

export const coloured: Paint = (style, text) => `\u001b[${styles[style]}m${text}\u001b[0m`;
export const plain: Paint = (_, text) => text;

const charactersMax = 400;

/** Steps that were passed over are told, too: why nothing came of them is what one wants to know. */
export function lineText(line: TriedLine, number: number, paint: Paint): string {
  const { text, isRedacted, steps, documents } = line;
  const several = steps.some(({ outcome }) => outcome === 'split');
  return [
    `${paint('bold', `line ${number}`)} ${shown(text)}${isRedacted ? paint('dim', ' (redacted before it is stored)') : ''}`,
    ...steps.flatMap((step) => stepLines(step, several, paint)),
    ...documents.map((document) => documentText(document, several, paint)),
    ...(documents.length === 0 ? [paint('bold', '= nothing is left of it')] : []),
    '',
  ]
    .map((one) => `${one}\n`)
    .join('');
}

/** As JSON over several lines. */
export function documentText({ ordinal, fields, destination }: TriedDocument, several: boolean, paint: Paint): string {
  const which = several ? ` document ${ordinal}` : '';
  const to = destination === undefined ? '' : ` ${destinationText(destination)}`;
  const text = JSON.stringify(fields, undefined, 2).split('\n').map(printable).join('\n');
  return `${paint('bold', `=${which}${to}`)}${which === '' && to === '' ? ' ' : '\n'}${text}`;
}

export function changeText({ field, before, after }: FieldChange, paint: Paint): string {
  const name = printable(field);
  if (before === undefined) return paint('added', `+ ${name}: ${valueText(after)}`);
  if (after === undefined) return paint('removed', `- ${name}: ${valueText(before)}`);
  return paint('changed', `~ ${name}: ${valueText(before)} -> ${valueText(after)}`);
}

export function valueText(value: FieldValue | undefined): string {
  return value === undefined ? 'nothing' : shown(JSON.stringify(value));
}

export function destinationText({ type, index, outputs }: Destination): string {
  const parts = [
    ...(type === undefined ? [] : [`log type ${type}`]),
    ...(index === undefined ? [] : [`index ${index}`]),
    ...(outputs === undefined ? [] : [`only ${outputs.join(', ')}`]),
  ];
  return `goes to ${parts.length === 0 ? 'where all of its type go' : parts.join(', ')}`;
}

function stepLines(step: TriedStep, several: boolean, paint: Paint): string[] {
  const { index, name, kind, ordinal, outcome, changes, destination, error, documents, metrics = [] } = step;
  const which = several ? paint('dim', ` (document ${ordinal})`) : '';
  const head = `  ${index + 1} ${paint('bold', printable(name))}${name === kind ? '' : ` (${kind})`}${which}`;
  if (outcome === 'passed over')
    return [
      paint('dim', `  ${index + 1} ${printable(name)}: its condition does not hold${several ? ` (document ${ordinal})` : ''}`),
    ];
  const counted = metrics.map((metric) => `      ${paint('dim', metricText(metric))}`);
  if (error !== undefined) return [`${head}: ${paint('failed', 'failed')} ${errorText(error)}`, ...counted];
  if (outcome === 'dropped') return [`${head}: ${paint('removed', 'dropped')}`, ...counted];
  if (outcome === 'split') return [`${head}: ${documents ?? 0} documents`, ...counted];
  const to = destination === undefined ? [] : [`      ${paint('changed', destinationText(destination))}`];
  if (changes.length + to.length + counted.length === 0) return [`${head}: ${paint('dim', 'changes nothing')}`];
  return [head, ...changes.map((change) => `      ${changeText(change, paint)}`), ...to, ...counted];
}

function errorText({ type, message, onError }: TriedError): string {
  const then = { route: 'it goes to the log type errors', keep: 'it goes on', drop: 'it is dropped' }[onError];
  return `(${printable(type)}): ${shown(message)}; ${then}`;
}

function metricText({ name, kind, labels, value }: MetricChange): string {
  const given = Object.entries(labels).map(([label, text]) => `${label}=${JSON.stringify(text)}`);
  return `counts ${kind} ${name}{${shown(given.join(', '))}} ${value}`;
}

function shown(text: string): string {
  const all = printable(text);
  return all.length <= charactersMax ? all : `${all.slice(0, charactersMax).toWellFormed()}… (${text.length} characters)`;
}
