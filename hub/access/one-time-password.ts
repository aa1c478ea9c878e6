import { randomInt } from 'node:crypto';

/** Without what is easily misread: 0 and o, 1, i and l. */
const characters = 'abcdefghjkmnpqrstuvwxyz23456789';
const groups = 5;
const groupLength = 4;

/** About 99 random bits, to be typed once: `k7mp-x3qd-9hfa-t2vw-6nce`. */
export function makeOneTimePassword(): string {
  return Array.from({ length: groups }, makeGroup).join('-');
}

function makeGroup(): string {
  return Array.from({ length: groupLength }, () => characters[randomInt(characters.length)]).join('');
}
