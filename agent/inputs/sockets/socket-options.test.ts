import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { linesInputOptions } from '../lines/options.ts';
import { syslogInputOptions } from '../syslog/options.ts';
import { formatListenAddress, isLocalAddress, parseListenAddress } from './listen-address.ts';
import { AllowList, isCidr } from '@tributary/shared/network/allow-list.ts';

/** The first thing that is wrong, and where. */
function problem(options: Record<string, unknown>): string | undefined {
  const [issue] = syslogInputOptions.safeParse({ kind: 'syslog', ...options }).error?.issues ?? [];
  return issue === undefined ? undefined : `${issue.path.join('.')}: ${issue.message}`;
}

suite('what is listened at', () => {
  test('this machine needs nothing more', () => {
    const listen = [
      'udp://127.0.0.1:5514',
      'tcp://[::1]:5514',
      'tcp://127.8.9.1:1',
      'unix:/run/a.sock',
      'unix-dgram:/run/b.sock',
    ];
    assert.equal(problem({ listen }), undefined);
  });

  test('an address that others can reach needs both words', () => {
    for (const open of [
      'udp://0.0.0.0:514',
      'tcp://[::]:514',
      'udp://192.0.2.1:514',
      'tcp://[2001:db8::1]:514',
      'udp://[::ffff:127.0.0.1]:1',
    ]) {
      const listen = ['unix:/run/a.sock', open];
      assert.equal(
        problem({ listen }),
        `listen: ${open} can be reached by other machines: that needs plaintext: true and allow_cidr: [NETWORK, …]`,
      );
      assert.match(problem({ listen, plaintext: true }) ?? '', /needs allow_cidr/);
      assert.match(problem({ listen, allow_cidr: ['10.0.0.0/8'] }) ?? '', /needs plaintext: true$/);
      assert.equal(problem({ listen, plaintext: true, allow_cidr: ['10.0.0.0/8', 'fd00::/8'] }), undefined);
    }
  });

  test('what may be dropped cannot be confirmed', () => {
    const listen = ['tcp://127.0.0.1:1'];
    assert.equal(problem({ listen, confirm: true }), undefined);
    assert.match(problem({ listen, confirm: true, overflow: 'drop_oldest' }) ?? '', /^confirm: must go without `overflow/);
  });

  test('what is no address is refused', () => {
    const wrong = [
      'udp://localhost:514',
      'tcp://127.0.0.1',
      'udp://127.0.0.1:70000',
      '127.0.0.1:514',
      'unix:run/a',
      'tcp://::1:5',
      'udp://[127.0.0.1]:5',
    ];
    for (const address of [...wrong, `unix:/${'x'.repeat(107)}`]) {
      assert.match(problem({ listen: [address] }) ?? '', /listen\.0: must be an address such as/, address);
    }
    assert.match(problem({ listen: [] }) ?? '', /needs at least one/);
    assert.match(problem({ listen: ['udp://127.0.0.1:1', 'udp://127.0.0.1:1'] }) ?? '', /has an address twice/);
    const lines = linesInputOptions.safeParse({ kind: 'lines', type: 'app', listen: ['udp://127.0.0.1:1'] });
    assert.match(lines.error?.issues[0]?.message ?? '', /takes only tcp, unix/);
  });

  test('networks', () => {
    assert.ok(['10.0.0.0/8', '0.0.0.0/0', 'fd00::/8', '::/0', '192.0.2.7/32'].every((text) => isCidr(text)));
    assert.ok(!['10.0.0.0', '10.0.0.0/33', 'fd00::/129', 'a/8', '10.0.0/8', ''].some((text) => isCidr(text)));
    const list = new AllowList(['10.0.0.0/8', 'fd00::/8']);
    const allowed = ['10.1.2.3', '::ffff:10.1.2.3', 'fd12::1'];
    const denied = ['11.0.0.1', '::ffff:11.0.0.1', 'fe80::1', 'nonsense'];
    assert.ok(allowed.every((address) => list.allows(address)));
    assert.ok(!denied.some((address) => list.allows(address)));
    assert.ok(new AllowList(undefined).allows('192.0.2.1'));
  });

  test('addresses are written as they are read', () => {
    for (const text of ['udp://127.0.0.1:0', 'tcp://[fe80::1]:65535', 'unix:/run/a b.sock', 'unix-dgram:/dev/log']) {
      const address = parseListenAddress(text);
      assert.ok(address !== undefined);
      assert.equal(formatListenAddress(address), text);
    }
    const local = (text: string): boolean => {
      const address = parseListenAddress(text);
      return address !== undefined && isLocalAddress(address);
    };
    assert.deepEqual([local('tcp://[0:0::1]:1'), local('tcp://[::]:1'), local('udp://128.0.0.1:1')], [true, false, false]);
  });
});
