/**
 * Ends the arrival of new connections at a TCP listener that goes on living, which Linux has no call for: a filter at the socket drops
 * each SYN (socket(7), SO_ATTACH_FILTER; classic BPF as in linux/filter.h). Handshakes that have begun are finished and can be accepted.
 */
import { addressOf, checked, libc } from './libc.ts';

const levelSocket = 1;
const optionAttachFilter = 26;

const loadByte = 0x30;
const jumpIfBitSet = 0x45;
const returnValue = 0x06;

/** The packet begins with the TCP header; its flags are byte 13 (RFC 9293, 3.1). */
const flagsAt = 13;
const flagSyn = 0x02;
const dropped = 0;
const whole = 0xffff_ffff;

/** One instruction: what to do, where to go on if so and if not, and its operand. */
const program = [
  [loadByte, 0, 0, flagsAt],
  [jumpIfBitSet, 0, 1, flagSyn],
  [returnValue, 0, 0, dropped],
  [returnValue, 0, 0, whole],
] as const;

const descriptionBytes = 16;
const instructionBytes = 8;

/** From now on a sender that wants to connect gets no answer; it asks again after a second. Throws what the system says. */
export function dropHandshakes(fd: number): void {
  // sock_fprog (the number of instructions, and where they are) with the instructions behind it. The kernel copies them.
  const memory = new ArrayBuffer(descriptionBytes + program.length * instructionBytes);
  const view = new DataView(memory);
  view.setUint16(0, program.length, true);
  view.setBigUint64(8, addressOf(memory) + BigInt(descriptionBytes), true);
  program.forEach(([operation, ifSo, ifNot, operand], index) => {
    const at = descriptionBytes + index * instructionBytes;
    view.setUint16(at, operation, true);
    view.setUint8(at + 2, ifSo);
    view.setUint8(at + 3, ifNot);
    view.setUint32(at + 4, operand, true);
  });
  checked('setsockopt', libc().setsockopt(fd, levelSocket, optionAttachFilter, memory, descriptionBytes));
}
