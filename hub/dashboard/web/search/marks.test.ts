import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { type Asked, askedOf, fieldCondition, patternChange, placeOf, placeText, toggled } from './asked.ts';
import { markPattern, marksOf, piecesOf } from './marks.ts';

function marked(line: string, mode: Asked['mode'], pattern: string, ignoreCase = false): string[] {
  const found = markPattern({ mode, pattern, ignoreCase });
  if (found === undefined) return [];
  return piecesOf(line, marksOf(line, found)).flatMap(({ text, isMarked }) => (isMarked ? [text] : []));
}

suite('what is marked in a line', () => {
  test('a text, as it is written', () => {
    assert.deepEqual(marked('a.b axb a.b', 'text', 'a.b'), ['a.b', 'a.b']);
    assert.deepEqual(marked('Über über', 'text', 'über'), ['über']);
    assert.deepEqual(marked('Über über', 'text', 'über', true), ['Über', 'über']);
  });

  test('a regular expression; what is none, or is empty everywhere, marks nothing', () => {
    assert.deepEqual(marked('GET /a 503', 'regex', '5\\d\\d'), ['503']);
    assert.deepEqual(marked('abc', 'regex', '('), []);
    assert.deepEqual(marked('abc', 'regex', 'x*'), []);
  });

  test('of a field query the words that may stand in a line', () => {
    const line = 'GET /cart 503 from web1, not web2: "too slow" says pay*';
    assert.deepEqual(marked(line, 'query', 'method:GET AND status:>=500 NOT host:web2 "too slow" pay*'), ['GET', 'too slow']);
    assert.deepEqual(marked(line, 'query', 'status:[500 TO 599] AND (from OR -web1)'), ['from']);
  });

  test('the pieces together are the line', () => {
    const line = 'one two one';
    const pieces = piecesOf(line, marksOf(line, /one/g));
    assert.equal(pieces.map(({ text }) => text).join(''), line);
    assert.deepEqual(piecesOf('', []), [{ text: '', isMarked: false }]);
  });
});

suite('what is searched for, in the address', () => {
  test('the pattern is under the name of its mode', () => {
    const asked = askedOf(new URLSearchParams('regex=a%2Cb&type=app,web&live=true'));
    assert.equal(asked.mode, 'regex');
    assert.equal(asked.pattern, 'a,b');
    assert.deepEqual(asked.facets, { tenant: [], type: ['app', 'web'], host: [] });
    assert.ok(asked.isLive);
    assert.deepEqual(patternChange('query', 'a:1', true), {
      text: '',
      regex: '',
      query: 'a:1',
      by: '',
      ignore_case: 'true',
    });
    const { by = '' } = patternChange('query', ' ', false);
    assert.equal(askedOf(new URLSearchParams({ by })).mode, 'query');
  });

  test('a value of a facet is chosen and left', () => {
    assert.equal(toggled(['app'], 'web'), 'app,web');
    assert.equal(toggled(['app', 'web'], 'app'), 'web');
  });

  test('a record is named by its place, and by nothing else', () => {
    const place = {
      tenant: 'shop',
      type: 'app',
      agent: 'a1',
      stream: 's1',
      position: 17,
      ordinal: 0,
      receivedMs: 1_764_000_000_000,
    };
    const { tenant, type, receivedMs, ...at } = place;
    const record = { tenant, type, receivedMs, at, host: '', source: '', labels: {}, line: '', cut: false };
    assert.deepEqual(placeOf(placeText(record)), place);
    for (const text of [null, '', 'shop/app/a1/s1/17/0', 'shop/app/a1/s1/17/x/3', 'shop/app/a1/s1/17/0/3/4'])
      assert.equal(placeOf(text), undefined, String(text));
  });

  test('a field is searched for by its value', () => {
    assert.equal(fieldCondition('http.status', 503), 'http.status:503');
    assert.equal(fieldCondition('message', 'say "a\\b"'), 'message:"say \\"a\\\\b\\""');
    assert.equal(fieldCondition('list', ['a']), undefined);
  });
});
