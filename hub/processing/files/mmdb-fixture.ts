/**
 * Writes databases in MaxMind's format for tests, by its public description (version 2.0): a tree over the bits of addresses with nodes of
 * two numbers of 24 bits, sixteen zeros, the data, and what the file tells of itself.
 */
export type MmdbValue = string | number | boolean | readonly MmdbValue[] | { readonly [name: string]: MmdbValue };

/** Networks of IPv4, such as `192.0.2.0/24`, and what is known of them. */
export function mmdbOf(networks: Readonly<Record<string, MmdbValue>>): Buffer<ArrayBuffer> {
  const nodes: [Branch, Branch][] = [[undefined, undefined]];
  const data: Buffer[] = [];
  for (const [network, value] of Object.entries(networks)) {
    const [address = '', length = '32'] = network.split('/');
    const offset = Buffer.concat(data).length;
    data.push(encoded(value));
    add(nodes, { bits: bitsOf(address).slice(0, Number(length)), offset });
  }
  const count = nodes.length;
  const tree = Buffer.concat(
    nodes.map((node) => {
      const bytes = Buffer.alloc(6);
      for (const [side, branch] of node.entries()) bytes.writeUIntBE(numberOf(branch, count), side * 3, 3);
      return bytes;
    }),
  );
  const about = {
    binary_format_major_version: 2,
    binary_format_minor_version: 0,
    build_epoch: 1,
    database_type: 'Test',
    description: { en: 'test' },
    ip_version: 4,
    languages: ['en'],
    node_count: count,
    record_size: 24,
  };
  const marker = Buffer.from('\u{ab}\u{cd}\u{ef}MaxMind.com', 'latin1');
  return Buffer.concat([tree, Buffer.alloc(16), ...data, marker, encoded(about)]);
}

/** Another node, or where the data is; undefined: nothing is known. */
type Branch = { readonly node: number } | { readonly offset: number } | undefined;

function add(nodes: [Branch, Branch][], { bits, offset }: { readonly bits: readonly number[]; readonly offset: number }): void {
  let at = 0;
  for (const [index, bit] of bits.entries()) {
    const node = nodes[at];
    if (node === undefined) return;
    const side = bit === 1 ? 1 : 0;
    if (index === bits.length - 1) {
      node[side] = { offset };
      return;
    }
    const next = node[side];
    if (next !== undefined && 'node' in next) at = next.node;
    else {
      nodes.push([undefined, undefined]);
      at = nodes.length - 1;
      node[side] = { node: at };
    }
  }
}

function numberOf(branch: Branch, count: number): number {
  if (branch === undefined) return count;
  return 'node' in branch ? branch.node : count + 16 + branch.offset;
}

function bitsOf(address: string): number[] {
  return address
    .split('.')
    .flatMap((part) => [...Number(part).toString(2).padStart(8, '0').matchAll(/./g)].map(([bit]) => Number(bit)));
}

const types = { text: 2, double: 3, map: 7, uint32: 6, boolean: 14, array: 11 };

function encoded(value: MmdbValue): Buffer {
  if (typeof value === 'string') return Buffer.concat([control(types.text, Buffer.byteLength(value)), Buffer.from(value)]);
  if (typeof value === 'boolean') return control(types.boolean, value ? 1 : 0);
  if (typeof value === 'number') return encodedNumber(value);
  if (isArray(value)) return Buffer.concat([control(types.array, value.length), ...value.map(encoded)]);
  const members = Object.entries(value);
  return Buffer.concat([
    control(types.map, members.length),
    ...members.flatMap(([name, inner]) => [encoded(name), encoded(inner)]),
  ]);
}

function encodedNumber(value: number): Buffer {
  if (Number.isInteger(value) && value >= 0) {
    const bytes = Buffer.alloc(4);
    bytes.writeUInt32BE(value);
    return Buffer.concat([control(types.uint32, 4), bytes]);
  }
  const bytes = Buffer.alloc(8);
  bytes.writeDoubleBE(value);
  return Buffer.concat([control(types.double, 8), bytes]);
}

function isArray(value: MmdbValue): value is readonly MmdbValue[] {
  return Array.isArray(value);
}

/** Type and size; types above 7 have a byte of their own behind it. */
function control(type: number, size: number): Buffer {
  const [first, more] = size < 29 ? [size, []] : [29, [size - 29]];
  return type > 7 ? Buffer.from([first, type - 7, ...more]) : Buffer.from([(type << 5) | first, ...more]);
}
