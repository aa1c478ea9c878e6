/** Addresses in logs: `address` always holds what is written, `ip` only what is an IP address, as ECS has it. */
import { isIPv6 } from 'node:net';
import type { MutableFields } from '../record/fields.ts';

const dot = 46;

/** No zone (`%eth0`): a field of type `ip` takes none. */
export function isIp(text: string): boolean {
  if (text.length <= 15 && isIpv4(text)) return true;
  return text.length <= 45 && text.length > 1 && text.includes(':') && !text.includes('%') && isIPv6(text);
}

/** Four numbers up to 255 with points between them, and no zeros before them. */
function isIpv4(text: string): boolean {
  let numbers = 0;
  let at = 0;
  while (at < text.length) {
    const first = text.charCodeAt(at) - 48;
    if (!(first >= 0 && first <= 9)) return false;
    let value = first;
    at += 1;
    for (; at < text.length && text.charCodeAt(at) !== dot; at += 1) {
      const digit = text.charCodeAt(at) - 48;
      if (!(digit >= 0 && digit <= 9) || value === 0) return false;
      value = value * 10 + digit;
      if (value > 255) return false;
    }
    numbers += 1;
    if (at === text.length) break;
    at += 1;
    if (at === text.length) return false;
  }
  return numbers === 4;
}

/** What `source`, `destination` and their like hold. */
export function endpoint(address: string, port?: number): MutableFields {
  const ip = isIp(address);
  if (port === undefined || port < 0 || port > 65_535) return ip ? { address, ip: address } : { address };
  return ip ? { address, ip: address, port } : { address, port };
}
