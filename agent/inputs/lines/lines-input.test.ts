import { suite, test } from 'node:test';
import assert from 'node:assert/strict';
import { SocketInputUnderTest } from '../testing/socket-input-under-test.ts';
import { createLinesInput } from './lines-input.ts';

suite('lines', () => {
  test('each line is a record with its newline, whatever is in it', async () => {
    await using lines = new SocketInputUnderTest(createLinesInput);
    const addresses = await lines.start({ listen: [`unix:${lines.path('a.sock')}`], max_message_bytes: 8, type: 'app' });
    (await lines.connect(addresses[0])).end('5 <1>a\n\n\0\r\nlonger than that\nend');
    await lines.expect(['5 <1>a\n', '\n', '\0\r\n', 'longer t', 'han that', '\n', 'end']);
    const [stream] = lines.streams;
    assert.deepEqual(
      stream?.cuts.map(({ cause }) => cause),
      ['too-long', 'too-long', 'end'],
    );
  });
});
