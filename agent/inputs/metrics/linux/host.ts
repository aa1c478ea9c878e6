import { arch, hostname, networkInterfaces, release } from 'node:os';
import type { Metric } from '../../../platform/document.ts';
import type { MetricSet } from '../metric-set.ts';
import { coresOf } from './cpu.ts';
import { memoryBytesOf } from './memory.ts';
import type { ProcReader } from './proc-reader.ts';

const architectures: Readonly<Record<string, string>> = { x64: 'x86_64', arm64: 'aarch64', ia32: 'i386' };

/** `system.host`: what the machine is. It hardly ever changes. */
export class HostSet implements MetricSet {
  readonly name = 'host';
  readonly #reader: ProcReader;

  constructor(reader: ProcReader) {
    this.#reader = reader;
  }

  measure(): readonly Metric[] {
    const reader = this.#reader;
    const os = osRelease(reader);
    const id = reader.text(reader.path('etc', 'machine-id'));
    const host = {
      hostname: reader.text(reader.proc('sys/kernel/hostname')) || hostname(),
      architecture: architectures[arch()] ?? arch(),
      ...(id === '' ? {} : { id }),
      os: { type: 'linux', kernel: reader.text(reader.proc('sys/kernel/osrelease')) || release(), ...os },
      ...addresses(),
    };
    const fields = { host, tributary: { hardware: this.#hardware() } };
    return [{ dataset: 'system.host', metricset: 'host', fields }];
  }

  #hardware(): Readonly<Record<string, unknown>> {
    const reader = this.#reader;
    const about = (name: string): string => reader.text(reader.path('sys', 'class', 'dmi', 'id', name));
    const cpu = /^model name\s*: (.*)$/m.exec(reader.text(reader.proc('cpuinfo')))?.[1];
    const facts = { vendor: about('sys_vendor'), model: about('product_name'), cpu: cpu ?? '' };
    const known = Object.fromEntries(Object.entries(facts).filter(([, value]) => value !== ''));
    return { ...known, cores: coresOf(reader), memory_bytes: memoryBytesOf(reader) };
  }
}

/** Of /etc/os-release, whose values may be quoted. */
function osRelease(reader: ProcReader): Readonly<Record<string, string>> {
  const values = new Map<string, string>();
  for (const line of reader.text(reader.path('etc', 'os-release')).split('\n')) {
    const at = line.indexOf('=');
    if (at > 0) values.set(line.slice(0, at), line.slice(at + 1).replaceAll(/^["']|["']$/g, ''));
  }
  const names = { platform: 'ID', name: 'NAME', version: 'VERSION', full: 'PRETTY_NAME', codename: 'VERSION_CODENAME' };
  const found = Object.entries(names).map(([field, key]) => [field, values.get(key)] as const);
  const family = (values.get('ID_LIKE') ?? values.get('ID'))?.split(' ')[0];
  return {
    ...Object.fromEntries(found.filter((entry): entry is [string, string] => entry[1] !== undefined)),
    ...(family === undefined ? {} : { family }),
  };
}

function addresses(): { readonly ip: readonly string[]; readonly mac: readonly string[] } {
  const outer = Object.values(networkInterfaces()).flatMap((all) => (all ?? []).filter(({ internal }) => !internal));
  const macs = outer.map(({ mac }) => mac.toUpperCase().replaceAll(':', '-'));
  return { ip: outer.map(({ address }) => address), mac: [...new Set(macs)] };
}
