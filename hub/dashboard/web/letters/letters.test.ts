import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { channelOfEntry, filterOf, jobText, type LetterJob, prettyDocument } from './letters.ts';

const group = {
  channel: 'shop/app',
  output: 'search',
  error: 'document_parsing_exception',
  status: 400,
  count: 3,
  oldest: '2026-11-22T10:00:00.000Z',
  newest: '2026-11-22T10:00:00.000Z',
  tries: 1,
  index: 'logs',
  reason: '',
};

suite('dead letters on the page', () => {
  test('a kind is asked for by its channel, output and error', () => {
    assert.deepEqual(filterOf(group), {
      tenant: 'shop',
      type: 'app',
      output: 'search',
      error: 'document_parsing_exception',
    });
    assert.deepEqual(filterOf({ ...group, error: 'others' }), { tenant: 'shop', type: 'app', output: 'search' });
    assert.equal(channelOfEntry({ topic: 'front/shop/app' }), 'shop/app');
  });

  test('a document is shown in lines', () => {
    assert.equal(prettyDocument('{"a":{"b":1}}'), '{\n  "a": {\n    "b": 1\n  }\n}');
    assert.equal(prettyDocument('{"a":'), '{"a":');
  });

  test('what is done with them is told in a sentence', () => {
    const counts = { gone: 28, stayed: 2, unreadable: 0 };
    const job: LetterJob = { verb: 'replay', by: 'anna', state: 'running', startedMs: 0, counts, trouble: '' };
    assert.equal(
      jobText(job),
      'Dead letters are sent again for anna: 28 sent again, 2 stayed as they were refused again so far.',
    );
    assert.equal(
      jobText({ ...job, verb: 'drop', state: 'done', counts: { gone: 3, stayed: 0, unreadable: 1 } }),
      'Done for anna: 3 dropped, 1 cannot be read.',
    );
    assert.match(jobText({ ...job, state: 'failed', trouble: 'The store is away.' }), /^It failed.*The store is away\.$/);
  });
});
