import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import type { ProcessedBlock } from '../batch-entry.ts';
import { type BlockDocument, documentsOf } from '../block-documents.ts';
import { decodeBlock } from '../block.ts';
import type { CompiledPipeline } from '../definition/compile.ts';
import type { FieldValue } from '../record/fields.ts';
import { type PipelineRecord } from '../record/record.ts';
import { dedupe } from '../steps/dedupe.ts';
import { json } from '../steps/json.ts';
import type { Step } from '../steps/step.ts';
import { makeStep } from '../steps/testing.ts';
import { batchEntry, compress, countedSegment, lineSegment, streamInfo } from '../../testing/records.ts';
import { ProgressWriter, progressBuffer, ProgressReader } from '../thread-progress.ts';
import { documentId } from './document-id.ts';
import { type ProcessingTerms, processBatches } from './process-batches.ts';

function pipelineOf(...steps: Step[]): CompiledPipeline {
  const compiled = steps.map((step, index) => {
    return { index, name: `step${index}`, kind: 'test', step, when: undefined, onError: 'route' as const };
  });
  const source = { name: 'test', file: 'test.yaml', text: '' };
  return { name: 'test', source, steps: compiled, keepsState: false, [Symbol.dispose]: () => undefined };
}

function termsOf(pipeline: CompiledPipeline, terms: Partial<ProcessingTerms> = {}): ProcessingTerms {
  const progress = new ProgressWriter(progressBuffer());
  return { channel: 'acme/app', pipeline, failing: [], switchedOff: [], progress, problems: () => [], ...terms };
}

function lines(text: string, from = 0): Parameters<typeof processBatches>[0] {
  const bytes = Buffer.from(text);
  return [batchEntry([{ ...lineSegment(bytes, from), stream: streamInfo(1) }], bytes)];
}

interface Seen {
  readonly position: number;
  readonly ordinal: number;
  readonly raw: string;
  readonly fields: unknown;
}

function seen({ position, ordinal, raw, fields }: BlockDocument): Seen {
  const text = fields === undefined ? undefined : Buffer.from(fields).toString();
  return { position, ordinal, raw: Buffer.from(raw).toString(), fields: text === undefined ? undefined : JSON.parse(text) };
}

function documentsIn(block: ProcessedBlock | undefined): Seen[] {
  assert.ok(block !== undefined);
  return [...documentsOf(decodeBlock(block.body, block.inflatedBytes))].map((document) => seen(document));
}

/** What the line says happens: `drop`, `two`, `away`, `keep`. */
const obey: Step = {
  run(record: PipelineRecord) {
    const word = record.text;
    if (word.startsWith('drop')) return 'drop';
    if (word.startsWith('away')) record.destination = { type: 'other' };
    if (word.startsWith('two')) return [record, record.sibling({ second: true })];
    return undefined;
  },
};

test('lines that are JSON are their own fields, and the body goes on as it came', () => {
  const entries = lines('{"a":1}\n{"a":"ö"}\r\n');
  const { block, report } = processBatches(entries, termsOf(pipelineOf(makeStep(json, {}))));
  assert.deepEqual(
    documentsIn(block).map(({ position, fields }) => [position, fields]),
    [
      [0, { a: 1 }],
      [8, { a: 'ö' }],
    ],
  );
  assert.ok(block !== undefined && Buffer.from(block.body).includes(entries[0]?.body ?? Buffer.of(1)));
  assert.deepEqual(report?.steps, [{ step: 'step0', in: 2, failed: 0, dropped: 0 }]);
});

test('what is not UTF-8 is no JSON of its own, though its text was', () => {
  const bytes = Buffer.from('{"a":"\xff"}\n', 'latin1');
  const entries = [batchEntry([{ ...lineSegment(bytes), stream: streamInfo(1) }], bytes)];
  assert.deepEqual(documentsIn(processBatches(entries, termsOf(pipelineOf(makeStep(json, {})))).block)[0]?.fields, {
    a: '\ufffd',
  });
});

test('a record that fails goes to the errors with its line, and the channel tells its position all the same', () => {
  const { block, routed = [] } = processBatches(lines('{"a":1}\nno\n{"a":3}\n', 100), termsOf(pipelineOf(makeStep(json, {}))));
  assert.deepEqual(
    documentsIn(block).map(({ position, raw }) => [position, raw]),
    [
      [100, '{"a":1}\n'],
      [111, '{"a":3}\n'],
    ],
  );
  assert.partialDeepStrictEqual(block?.kept, [{ from: 100, to: 119, records: 2 }]);
  assert.deepEqual(
    routed.map(({ type }) => type),
    ['errors'],
  );
  assert.partialDeepStrictEqual(documentsIn(routed[0]?.block), [
    { position: 108, raw: 'no\n', fields: { error: { type: 'json' }, tributary: { pipeline: { name: 'test', step: 'step0' } } } },
  ]);
  assert.partialDeepStrictEqual(routed[0]?.block.kept, [{ from: 100, to: 119, records: 1, bytes: 3 }]);
});

test('a channel of which nothing is left tells its positions', () => {
  const { block } = processBatches(lines('drop\ndrop\n'), termsOf(pipelineOf(obey)));
  assert.deepEqual([documentsIn(block), block?.records, block?.kept.map(({ to }) => to)], [[], 0, [10]]);
});

test('any lines, split, dropped and sent away, keep their positions, numbers and bytes', () => {
  const word = fc.constantFrom('drop', 'two', 'away', 'keep');
  const settings = fc.record({ words: fc.array(word, { maxLength: 30 }), counted: fc.boolean(), from: fc.nat(1000) });
  fc.assert(
    fc.property(settings, ({ words, counted, from }) => {
      const records = words.map((text, index) => Buffer.from(`${text}${index}\n`));
      const body = Buffer.concat(records);
      const segment = counted ? countedSegment(records, from) : lineSegment(body, from);
      const entries = [batchEntry([{ ...segment, stream: streamInfo(1, { counted }) }], body)];
      const { block, routed = [] } = processBatches(entries, termsOf(pipelineOf(obey)));
      let position = from;
      const own: Seen[] = [];
      const away: Seen[] = [];
      for (const [index, bytes] of records.entries()) {
        const document = { position, ordinal: 0, raw: bytes.toString(), fields: undefined };
        position += counted ? 1 : bytes.length;
        if (words[index] === 'away') away.push(document);
        else if (words[index] !== 'drop') own.push(document);
        if (words[index] === 'two') own.push({ ...document, ordinal: 1, raw: '', fields: { second: true } });
      }
      if (body.length > 0) assert.deepEqual(documentsIn(block), own);
      assert.deepEqual(
        routed.flatMap((one) => documentsIn(one.block)),
        away,
      );
    }),
  );
});

test('a document that cannot be written has failed, and the others of its batch go on', () => {
  const deep: Step = {
    run(record: PipelineRecord) {
      let value: FieldValue = 1;
      // Of names that are numbers: of others V8 writes any depth, as long as nothing else is unusual about them.
      for (let level = 0; level < 100_000; level += 1) value = { 0: value };
      if (record.text === 'deep') record.set(['value'], value);
    },
  };
  const { block, routed = [], report } = processBatches(lines('a\ndeep\nc\n'), termsOf(pipelineOf(deep)));
  assert.deepEqual(
    documentsIn(block).map(({ raw }) => raw),
    ['a\n', 'c\n'],
  );
  assert.partialDeepStrictEqual(documentsIn(routed[0]?.block), [
    { position: 2, raw: 'deep\n', fields: { error: { type: 'too_deep' }, tributary: { pipeline: { step: 'step0' } } } },
  ]);
  assert.equal(report?.steps[0]?.failed, 1);
});

test('documents of very many destinations all go where they were sent', () => {
  const text = Array.from({ length: 1000 }, (_, index) => `out_${index}\n`).join('');
  const away: Step = { run: (record: PipelineRecord) => void (record.destination = { outputs: [record.text] }) };
  const { block } = processBatches(lines(text), termsOf(pipelineOf(away)));
  assert.ok(block !== undefined);
  const documents = [...documentsOf(decodeBlock(block.body, block.inflatedBytes))];
  for (const { raw, route } of documents) assert.deepEqual(route, { outputs: [Buffer.from(raw).toString().trim()] });
});

test('a mark of byte order before the first line is none of its text', () => {
  const { block } = processBatches(lines('\ufeff{"a":1}\n{"a":"\ufeff"}\n'), termsOf(pipelineOf(makeStep(json, {}))));
  assert.deepEqual(
    documentsIn(block).map(({ raw, fields }) => [raw, fields]),
    [
      ['\ufeff{"a":1}\n', { a: 1 }],
      ['{"a":"\ufeff"}\n', { a: '\ufeff' }],
    ],
  );
});

test('a record that is known to fail at a step has failed there, and only it', () => {
  const run = (record: PipelineRecord): void => record.set(['ran'], true);
  const failing = [{ entry: 0, record: 1, step: 0, type: 'timeout' as const, reason: 'it took longer than 1 s', generation: 1 }];
  const { block, routed = [] } = processBatches(lines('a\nb\nc\n'), termsOf(pipelineOf({ run }), { failing }));
  assert.deepEqual(
    documentsIn(block).map(({ raw }) => raw),
    ['a\n', 'c\n'],
  );
  assert.partialDeepStrictEqual(documentsIn(routed[0]?.block), [{ raw: 'b\n', fields: { error: { type: 'timeout' } } }]);
});

test('the thread tells where it is, and that it is nowhere behind it', () => {
  const buffer = progressBuffer();
  const progress = new ProgressWriter(buffer);
  const places: unknown[] = [];
  const run = (): void => void places.push(new ProgressReader(buffer).read().at);
  progress.beginCall(7);
  processBatches(lines('a\nb\n'), termsOf(pipelineOf({ run }), { progress }));
  assert.deepEqual(places, [
    { entry: 0, record: 0, step: 0 },
    { entry: 0, record: 1, step: 0 },
  ]);
  assert.equal(new ProgressReader(buffer).read().at, undefined);
});

test('a batch that cannot be read is rejected alone', () => {
  const [good, bad] = [lines('{"a":1}\n')[0], batchEntry([], Buffer.from('abc'), { body: compress(Buffer.from('abcd')) })];
  assert.ok(good !== undefined);
  const { block, rejected } = processBatches([bad, good], termsOf(pipelineOf(makeStep(json, {}))));
  assert.deepEqual([documentsIn(block).length, rejected.map(({ entry }) => entry)], [1, [0]]);
});

test('a document has the same id whenever it is made, and no two have the same', () => {
  const { key } = streamInfo(1);
  const ids = [documentId(key, 0, 0), documentId(key, 0, 1), documentId(key, 1, 0), documentId(streamInfo(2).key, 0, 0)];
  assert.equal(documentId(key, 0, 0), ids[0]);
  assert.equal(new Set(ids).size, 4);
  assert.match(ids[0] ?? '', /^[\w-]{22}$/);
});

test('the memory of bodies is given back, and what was made of them stays', () => {
  const kept: PipelineRecord[] = [];
  const keep: Step = {
    run(record: PipelineRecord) {
      kept.push(record);
      record.set(['text'], record.text);
      record.set(['bytes'], record.raw.length);
      return record.text.startsWith('drop') ? 'drop' : undefined;
    },
  };
  const terms = termsOf(pipelineOf(keep));
  // Where all of a batch is kept its own frame goes on; else raw is made anew. Small bodies are in memory that others share.
  for (const word of ['keep', 'drop']) {
    const first = `${word} ${'x'.repeat(200_000)}`;
    kept.length = 0;
    const { block } = processBatches(lines(`${first}\nanother line of it – in UTF-8\n`), terms);
    assert.equal(kept.length, 2);
    for (const { raw } of kept) assert.ok(raw.buffer instanceof ArrayBuffer && raw.buffer.detached);
    assert.equal(kept[0]?.text, first);
    const documents = documentsIn(block);
    assert.deepEqual(documents.at(-1)?.raw, 'another line of it – in UTF-8\n');
    assert.deepEqual(documents.at(-1)?.fields, { text: 'another line of it – in UTF-8', bytes: 32 });
    assert.equal(documents.length, word === 'drop' ? 1 : 2);
  }
});

test('dedupe knows records of batches whose memory was given back', () => {
  const terms = termsOf(pipelineOf(makeStep(dedupe, {})));
  const first = processBatches(lines('a line that comes twice\nanother\n'), terms);
  const second = processBatches(lines('a line that comes twice\na third\n', 32), terms);
  assert.deepEqual(
    documentsIn(first.block).map(({ raw }) => raw),
    ['a line that comes twice\n', 'another\n'],
  );
  assert.deepEqual(
    documentsIn(second.block).map(({ raw }) => raw),
    ['a third\n'],
  );
});
