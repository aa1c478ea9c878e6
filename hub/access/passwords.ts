/**
 * Passwords as they are kept: `scrypt$N$r$p$salt$hash`, salt and hash in base64url. The parameters stand with each, so that they can be
 * raised one day without anybody's password becoming unusable.
 *
 * One computation takes 32 MiB and about a tenth of a second in libuv's pool; how many run at once is up to whoever asks (login.ts).
 */
import { randomBytes, scrypt, timingSafeEqual } from 'node:crypto';
import type { Passwords } from './login.ts';
import { passwordBytesMax } from './password-rules.ts';

interface Parameters {
  readonly cost: number;
  readonly blockSize: number;
  readonly parallelization: number;
}

const present: Parameters = { cost: 2 ** 15, blockSize: 8, parallelization: 1 };
const saltBytes = 16;
const hashBytes = 32;
/** What was written with parameters beyond these is not from here, and would stop the hub. */
const memoryBytesMax = 256 * 1024 * 1024;
const pattern = /^scrypt\$(\d{1,7})\$(\d{1,2})\$(\d{1,2})\$([\w-]{16,86})\$([\w-]{43})$/;

export async function hashPassword(password: string): Promise<string> {
  const salt = randomBytes(saltBytes);
  const hash = await derive(password, salt, present);
  const { cost, blockSize, parallelization } = present;
  return `scrypt$${cost}$${blockSize}$${parallelization}$${salt.toString('base64url')}$${hash.toString('base64url')}`;
}

/** Without a stored one it takes as long, and is false: nobody learns by the time which accounts there are. */
export async function verifyPassword(password: string, stored: string | undefined): Promise<boolean> {
  const kept = stored === undefined ? undefined : parse(stored);
  if (kept === undefined || Buffer.byteLength(password) > passwordBytesMax) {
    await derive('', Buffer.alloc(saltBytes), present);
    return false;
  }
  return timingSafeEqual(await derive(password, kept.salt, kept.parameters), kept.hash);
}

export const scryptPasswords: Passwords = { hash: hashPassword, verify: verifyPassword };

interface Kept {
  readonly parameters: Parameters;
  readonly salt: Buffer;
  readonly hash: Buffer;
}

function parse(stored: string): Kept | undefined {
  const [, cost, blockSize, parallelization, salt, hash] = pattern.exec(stored) ?? [];
  if (salt === undefined || hash === undefined) return undefined;
  const parameters = { cost: Number(cost), blockSize: Number(blockSize), parallelization: Number(parallelization) };
  const isPowerOfTwo = parameters.cost > 1 && Number.isInteger(Math.log2(parameters.cost));
  if (!isPowerOfTwo || parameters.blockSize === 0 || parameters.parallelization === 0) return undefined;
  if (memoryOf(parameters) > memoryBytesMax) return undefined;
  return { parameters, salt: Buffer.from(salt, 'base64url'), hash: Buffer.from(hash, 'base64url') };
}

/** What looks alike is the same password, on whichever keyboard it was typed (Unicode's NFC). */
function derive(password: string, salt: Buffer, parameters: Parameters): Promise<Buffer> {
  const { cost, blockSize, parallelization } = parameters;
  const options = { cost, blockSize, parallelization, maxmem: memoryOf(parameters) };
  return new Promise((resolve, reject) => {
    scrypt(password.normalize('NFC'), salt, hashBytes, options, (error, key) => {
      if (error === null) resolve(key);
      else reject(error);
    });
  });
}

/** Twice what the algorithm needs. */
function memoryOf({ cost, blockSize, parallelization }: Parameters): number {
  return 2 * 128 * blockSize * (cost + parallelization + 2);
}
