/** The file of cases beside a pipeline, `NAME.test.yaml`. Nothing is substituted in it: lines may hold anything. */
import { type ConfigProblem, parseConfig, problemAt } from '@tributary/shared/options/config-file.ts';
import * as z from 'zod';
import { tenantName, typeName } from '../../config/names.ts';
import type { TriedMeta } from './tried.ts';

const time = z
  .string()
  .refine((text) => !Number.isNaN(Date.parse(text)), 'must be a time, such as 2026-11-21T10:00:00Z')
  .transform((text) => Date.parse(text));

const from = {
  tenant: tenantName.optional().describe('As if lines were of this tenant. `default` unless named.'),
  type: typeName.optional().describe("As if they were of this log type. The pipeline's name unless named."),
  host: z.string().min(1).optional().describe('As if they came from this machine. `localhost` unless named.'),
  path: z.string().min(1).optional().describe('As if they were read from there.'),
  labels: z.record(z.string().min(1), z.string()).optional().describe("The agent's labels."),
  received: time.optional().describe('As if they had come then. 2026-01-01T00:00:00Z unless named.'),
};

const expectation = {
  document: z
    .record(z.string().min(1), z.json())
    .optional()
    .describe('Fields, also by their whole names (`http.response.status_code: 200`). `null`: the field is not there.'),
  exact: z.boolean().default(false).describe('Whether it may have no other fields.'),
  error: z.string().min(1).optional().describe('Its `error.type`: a step failed at it.'),
  to: z
    .strictObject({ type: typeName.optional(), index: z.string().optional(), outputs: z.array(z.string()).optional() })
    .optional()
    .describe('Where it goes.'),
};

const testCase = z
  .strictObject({
    name: z.string().min(1).optional().describe('For people.'),
    line: z.string().optional().describe('The line that comes in.'),
    lines: z.array(z.string()).min(1).optional().describe('Several of them, one after the other.'),
    ...from,
    ...expectation,
    dropped: z.boolean().default(false).describe('Nothing comes out.'),
    documents: z.array(z.strictObject(expectation)).optional().describe('All that comes out, in this order.'),
  })
  .superRefine(({ line, lines, document, error, to, dropped, documents }, context) => {
    const problem = (message: string): void => context.addIssue({ code: 'custom', message });
    if ((line === undefined) === (lines === undefined)) problem('needs either line or lines');
    const one = document !== undefined || error !== undefined || to !== undefined;
    if (Number(one) + Number(dropped) + Number(documents !== undefined) > 1)
      problem('expects too much: either one document (document, error, to), or documents, or dropped');
  });

export const caseFileSchema = z.strictObject({
  description: z.string().optional().describe('For people.'),
  ...from,
  cases: z.array(testCase).min(1).max(10_000).describe('What is tried, each for itself.'),
});

export type TestCase = z.output<typeof testCase>;
export type Expectation = Pick<TestCase, 'document' | 'exact' | 'error' | 'to'>;

export interface CaseFile {
  readonly file: string;
  readonly text: string;
  /** Of the pipeline: a file's or a preset's. */
  readonly pipeline: string;
  readonly content: z.output<typeof caseFileSchema>;
}

/** Throws a ConfigError. */
export function parseCaseFile(file: string, text: string, pipeline: string): CaseFile {
  return { file, text, pipeline, content: parseConfig({ file, text, schema: caseFileSchema, env: undefined }) };
}

export function placeIn(
  { file, text }: Pick<CaseFile, 'file' | 'text'>,
  path: readonly (string | number)[],
  message: string,
): ConfigProblem {
  return problemAt({ file, text, env: undefined }, path, message);
}

const receivedDefaultMs = Date.UTC(2026, 0, 1);

export function metaOf({ content, pipeline }: CaseFile, test: TestCase): TriedMeta {
  const { tenant, type, host, path, labels, received } = { ...content, ...definedOf(test) };
  const named = type ?? pipeline;
  return {
    tenant: tenant ?? 'default',
    type: named,
    host: host ?? 'localhost',
    path: path ?? `/var/log/${named}.log`,
    labels: labels ?? {},
    receivedMs: received ?? receivedDefaultMs,
  };
}

function definedOf({ tenant, type, host, path, labels, received }: TestCase): Partial<TestCase> {
  return Object.fromEntries(
    Object.entries({ tenant, type, host, path, labels, received }).filter(([, value]) => value !== undefined),
  );
}

/** As they come from an agent. */
export function linesOf({ line, lines }: TestCase): Buffer<ArrayBuffer>[] {
  return (lines ?? [line ?? '']).map((text) => Buffer.from(text.endsWith('\n') ? text : `${text}\n`));
}
