import { BlockList, isIP, isIPv6 } from 'node:net';

const mappedPrefix = '::ffff:';

/** Networks whose senders are listened to. */
export class AllowList {
  readonly #list: BlockList | undefined;

  /** Undefined: all of them. */
  constructor(cidrs: readonly string[] | undefined) {
    if (cidrs === undefined) return;
    this.#list = new BlockList();
    for (const cidr of cidrs) {
      const [network = '', bits] = cidr.split('/');
      this.#list.addSubnet(network, Number(bits), isIPv6(network) ? 'ipv6' : 'ipv4');
    }
  }

  allows(address: string): boolean {
    if (this.#list === undefined) return true;
    const plain = address.startsWith(mappedPrefix) ? address.slice(mappedPrefix.length) : address;
    return this.#list.check(plain, isIPv6(plain) ? 'ipv6' : 'ipv4');
  }
}

/** `10.0.0.0/8`, `fd00::/8`. */
export function isCidr(text: string): boolean {
  const [, network = '', digits] = /^([0-9A-Fa-f.:]+)\/(\d{1,3})$/.exec(text) ?? [];
  const version = isIP(network);
  return version !== 0 && Number(digits) <= (version === 4 ? 32 : 128);
}
