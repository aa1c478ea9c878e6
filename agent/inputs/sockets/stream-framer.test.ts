import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import fc from 'fast-check';
import type { Records } from '../counted-stream.ts';
import { type Framing, StreamFramer } from './stream-framer.ts';

interface Framed {
  readonly texts: string[];
  /** Which records go on in the next one. */
  readonly partial: number[];
  /** Whether the source ended within the last record. */
  isCut: boolean;
  missing: number;
}

/** What a framer makes of these chunks, and of the end after them. */
function frame(framing: Framing, chunks: readonly (string | Buffer)[], recordBytesMax = 65_536): Framed {
  const framer = new StreamFramer(framing, recordBytesMax);
  const framed: Framed = { texts: [], partial: [], isCut: false, missing: 0 };
  const keep = ({ bytes, lengths, cuts = [] }: Records): void => {
    const ends = new Map(cuts.map(({ offset, cause }) => [offset, cause]));
    let at = 0;
    for (const length of lengths) {
      assert.ok(length > 0 && length <= recordBytesMax);
      framed.texts.push(Buffer.from(bytes).toString('latin1', at, at + length));
      at += length;
      const cause = ends.get(at);
      if (cause === 'too-long') framed.partial.push(framed.texts.length - 1);
      framed.isCut ||= cause === 'end';
      ends.delete(at);
    }
    assert.equal(at, bytes.length, 'the lengths are those of the bytes');
    assert.equal(ends.size, 0, 'each cut is at the end of a record');
  };
  for (const chunk of chunks) keep(framer.frame(Buffer.from(chunk)));
  const { records, missing } = framer.end();
  keep(records);
  framed.missing = missing;
  return framed;
}

function counted(message: string): string {
  return `${Buffer.byteLength(message)} ${message}`;
}

// RFC 3164, section 5.4, and RFC 5424, section 6.5.
const examples = [
  "<34>Oct 11 22:14:15 mymachine su: 'su root' failed for lonvick on /dev/pts/8",
  '<13>Feb  5 17:32:18 10.0.0.99 Use the BFG!',
  "<165>Aug 24 05:34:00 CST 1987 mymachine myproc[10]: %% It's time to make the do-nuts.  %%  Ingredients: Mix=OK, Jelly=OK #",
  "<0>1990 Oct 22 10:52:01 TZ-6 scapegoat.dmz.example.org 10.1.2.3 sched[0]: That's All Folks!",
  "<34>1 2003-10-11T22:14:15.003Z mymachine.example.com su - ID47 - \ufeff'su root' failed for lonvick on /dev/pts/8",
  "<165>1 2003-08-24T05:14:15.000003-07:00 192.0.2.1 myproc 8710 - - %% It's time to make the do-nuts.",
  '<165>1 2003-10-11T22:14:15.003Z mymachine.example.com evntslog - ID47 [exampleSDID@32473 iut="3" eventSource="Application" eventID="1011"] \ufeffAn application event log entry...',
  '<165>1 2003-10-11T22:14:15.003Z mymachine.example.com evntslog - ID47 [exampleSDID@32473 iut="3" eventSource="Application" eventID="1011"][examplePriority@32473 class="high"]',
].map((text) => Buffer.from(text).toString('latin1'));

suite('syslog', () => {
  test('the examples of the RFCs, with newlines, NULs and octet counts, and all of them mixed', () => {
    const bytes = (text: string): Buffer => Buffer.from(text, 'latin1');
    const lengthOf = (text: string): string => `${text.length} ${text}`;
    const framings = [
      (text: string) => `${text}\n`,
      (text: string) => `${text}\0`,
      lengthOf,
      (text: string) => `${lengthOf(text)}\n`,
      (text: string, index: number) => (index % 2 === 0 ? lengthOf(text) : `${text}\n`),
    ];
    for (const framing of framings) {
      const { texts, isCut } = frame('syslog', [bytes(examples.map(framing).join(''))]);
      assert.deepEqual(texts, examples);
      assert.equal(isCut, false);
    }
  });

  test('an octet count may hold newlines; a number that no message follows is no count', () => {
    assert.deepEqual(frame('syslog', [`${counted('<1>a\nb\0c')}2024-01-01 x\n42 apples\n007 <1>\n123456789 <1>x\n`]).texts, [
      '<1>a\nb\0c',
      '2024-01-01 x',
      '42 apples',
      '007 <1>',
      '123456789 <1>x',
    ]);
  });

  test('empty lines are no records', () => {
    assert.deepEqual(frame('syslog', ['\n\0\n<1>a\n\n', '\n', '<2>b\0\0\n']).texts, ['<1>a', '<2>b']);
    assert.deepEqual(frame('syslog', ['4 <1>a\r\n', '4 <2>b\r', '\n\r\n<3>c\r\n']).texts, ['<1>a', '<2>b', '<3>c\r']);
  });

  test('a long message is cut into partial records, and its end is its own', () => {
    const line = frame('syslog', [`<1>${'x'.repeat(7)}yz\n<2>b\n`], 5);
    assert.deepEqual(line.texts, ['<1>xx', 'xxxxx', 'yz', '<2>b']);
    assert.deepEqual(line.partial, [0, 1]);
    const octets = frame('syslog', [`${counted(`<1>${'x'.repeat(7)}1 <`)}3 <2>`], 5);
    assert.deepEqual(octets.texts, ['<1>xx', 'xxxxx', '1 <', '<2>']);
    assert.deepEqual(octets.partial, [0, 1]);
    assert.deepEqual(frame('syslog', ['<1>xx\n<2>yy\n'], 5), {
      texts: ['<1>xx', '<2>yy'],
      partial: [],
      isCut: false,
      missing: 0,
    });
  });

  test('the connection ends within a message', () => {
    assert.deepEqual(frame('syslog', ['<1>a\n<2>b']), { texts: ['<1>a', '<2>b'], partial: [], isCut: true, missing: 0 });
    assert.deepEqual(frame('syslog', ['10 <1>abc']), { texts: ['<1>abc'], partial: [], isCut: true, missing: 4 });
    assert.deepEqual(frame('syslog', ['10 <']), { texts: ['<'], partial: [], isCut: true, missing: 9 });
    assert.deepEqual(frame('syslog', ['10 ']), { texts: ['10 '], partial: [], isCut: true, missing: 0 });
    assert.deepEqual(frame('syslog', []), { texts: [], partial: [], isCut: false, missing: 0 });
  });
});

suite('lines', () => {
  test('a record has its newline; the last one may have none', () => {
    assert.deepEqual(frame('lines', ['a\n\nb\0c\r\n', '5 <1>x\n', 'end']), {
      texts: ['a\n', '\n', 'b\0c\r\n', '5 <1>x\n', 'end'],
      partial: [],
      isCut: true,
      missing: 0,
    });
  });

  test('a long line is cut', () => {
    assert.deepEqual(frame('lines', ['aaaaabbbbbc\nd\n'], 5).texts, ['aaaaa', 'bbbbb', 'c\n', 'd\n']);
    assert.deepEqual(frame('lines', ['aaaa\nbbbbb\n'], 5).texts, ['aaaa\n', 'bbbbb', '\n']);
  });
});

suite('whatever comes', () => {
  const piece = fc.oneof(
    fc.constantFrom('\n', '\0', '\r', '\r\n', '<1>', '3 <1>', '12 ', '1', '99999999 <', '0', ' ', 'x'.repeat(9)),
    fc.uint8Array({ maxLength: 6 }).map((bytes) => Buffer.from(bytes).toString('latin1')),
  );
  const content = fc.array(piece, { maxLength: 40 }).map((pieces) => Buffer.from(pieces.join(''), 'latin1'));

  for (const framing of ['lines', 'syslog'] as const) {
    test(`${framing}: the same records however the bytes are split into chunks`, () => {
      fc.assert(
        fc.property(
          content,
          fc.array(fc.integer({ min: 0, max: 200 }), { maxLength: 20 }),
          fc.integer({ min: 1, max: 20 }),
          (bytes, places, max) => {
            const ends = [...places.filter((place) => place < bytes.length), bytes.length].toSorted(
              (left, right) => left - right,
            );
            const chunks = ends.map((end, index) => bytes.subarray(ends[index - 1] ?? 0, end));
            const drops = Array.from(bytes, (_, index) => bytes.subarray(index, index + 1));
            const whole = frame(framing, [bytes], max);
            assert.deepEqual(frame(framing, chunks, max), whole);
            assert.deepEqual(frame(framing, drops, max), whole);
            if (framing === 'lines') assert.equal(whole.texts.join(''), bytes.toString('latin1'));
          },
        ),
      );
    });
  }

  test('syslog: no byte of a message is lost or changed', () => {
    const message = fc.string({ unit: 'binary', maxLength: 50 }).map((text) => `<7>${Buffer.from(text).toString('latin1')}`);
    const framed = fc.oneof(
      message.map((text) => ({ text, wire: `${text.length} ${text}` })),
      message.map((text) => text.replaceAll(/[\n\0]/g, '?')).map((text) => ({ text, wire: `${text}\n` })),
    );
    fc.assert(
      fc.property(fc.array(framed), fc.integer({ min: 4, max: 60 }), (messages, max) => {
        const { texts, partial } = frame('syslog', [Buffer.from(messages.map(({ wire }) => wire).join(''), 'latin1')], max);
        const joined: string[] = [];
        texts.forEach((text, index) => {
          if (index > 0 && partial.includes(index - 1)) joined.push(`${joined.pop() ?? ''}${text}`);
          else joined.push(text);
        });
        assert.deepEqual(
          joined,
          messages.map(({ text }) => text),
        );
      }),
    );
  });

  test('a line that drips in byte by byte is not copied with each of them', (context) => {
    const framer = new StreamFramer('syslog', 1024 * 1024);
    const bytes = Buffer.alloc(20_000, 'x');
    const copy = context.mock.method(Buffer.prototype, 'copy');
    const within = context.mock.method(Uint8Array.prototype, 'copyWithin');
    for (let at = 0; at < bytes.length; at += 1) assert.equal(framer.frame(bytes.subarray(at, at + 1)).lengths.length, 0);
    let copied = 0;
    for (const call of copy.mock.calls) copied += Number(call.result);
    assert.ok(copied < 4 * bytes.length, `${copied} bytes`);
    assert.equal(within.mock.callCount(), 0);
    assert.equal(framer.end().records.bytes.length, bytes.length);
  });
});
