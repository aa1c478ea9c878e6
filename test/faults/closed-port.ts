/**
 * Closes the port of a program that runs, as a firewall would: no connection comes through to it any more, and the program knows nothing of
 * it. A copy of its listening socket is had from the kernel (pidfd_getfd(2)), and a filter at that drops every handshake.
 */
import { closeSync, readdirSync, readFileSync, readlinkSync } from 'node:fs';
import { join } from 'node:path';
import { dropHandshakes } from '@tributary/shared/ffi/linux/handshakes.ts';
import { checked, libc } from '@tributary/shared/ffi/linux/libc.ts';
import { loadFfi } from '@tributary/shared/ffi/quiet-ffi.ts';

/** The same on all machines of today (asm-generic/unistd.h). */
const [pidfdOpen, pidfdGetfd] = [434, 438];
const levelSocket = 1;
const optionDetachFilter = 27;
const stateListening = '0A';

/** Of this process, at 127.0.0.1. It is open again when what comes back is disposed of. */
export function closePort(pid: number, port: number): Disposable {
  const program = call(pidfdOpen, pid, 0);
  const socket = call(pidfdGetfd, program, descriptorOf(pid, port));
  closeSync(program);
  dropHandshakes(socket);
  return {
    [Symbol.dispose]: () => {
      checked('setsockopt', libc().setsockopt(socket, levelSocket, optionDetachFilter, new ArrayBuffer(4), 4));
      closeSync(socket);
    },
  };
}

function call(number: number, ...given: readonly [number, number]): number {
  const signatures = { syscall: { arguments: ['int64', 'int64', 'int64', 'int64'], return: 'int64' } } as const;
  const { functions } = loadFfi().dlopen(null, signatures);
  const [first, second] = given;
  return checked('syscall', Number(functions.syscall(BigInt(number), BigInt(first), BigInt(second), 0n)));
}

/** The number by which the process knows its listener (proc(5), net/tcp). */
function descriptorOf(pid: number, port: number): number {
  const place = `0100007F:${port.toString(16).toUpperCase().padStart(4, '0')}`;
  const rows = readFileSync(`/proc/${pid}/net/tcp`, 'utf8')
    .split('\n')
    .map((row) => row.trim().split(/\s+/));
  const inode = rows.find(([, local, , state]) => local === place && state === stateListening)?.[9];
  const folder = `/proc/${pid}/fd`;
  const found = readdirSync(folder).find((name) => readlinkSync(join(folder, name)) === `socket:[${inode}]`);
  if (inode === undefined || found === undefined) throw new Error(`process ${pid} does not listen at port ${port}`);
  return Number(found);
}
