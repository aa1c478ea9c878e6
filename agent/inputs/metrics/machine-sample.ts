/** What the metrics of a turn say of the machine as a whole. */
import type { MachineMeasured } from '@tributary/protocol/platform/machine-measured.ts';
import { asFields, type Fields } from '@tributary/protocol/platform/document.ts';
import type { Metric } from '../../platform/document.ts';

type Sample = { -readonly [Key in keyof MachineMeasured]: MachineMeasured[Key] };
type Name = keyof Omit<MachineMeasured, 'disk_mount'>;

export class MachineSample {
  readonly #sample: Sample = {};

  /** What it says nothing of stays as it was. */
  add({ dataset, fields }: Metric, periodMs: number): void {
    switch (dataset) {
      case 'system.cpu':
        this.#set('cpu', share(at(fields, 'host', 'cpu', 'usage')));
        break;
      case 'system.load':
        this.#set('load1', at(fields, 'system', 'load', '1'));
        break;
      case 'system.memory':
        this.#set('memory', share(at(fields, 'system', 'memory', 'actual', 'used', 'pct')));
        this.#set('swap', share(at(fields, 'system', 'memory', 'swap', 'used', 'pct')));
        break;
      case 'system.filesystem':
        this.#addFilesystem(asFields(asFields(fields['system'])['filesystem']));
        break;
      case 'system.diskio':
        this.#set('disk_read', perSecond(at(fields, 'host', 'disk', 'read', 'bytes'), periodMs));
        this.#set('disk_write', perSecond(at(fields, 'host', 'disk', 'write', 'bytes'), periodMs));
        break;
      case 'system.network':
        this.#set('net_in', perSecond(at(fields, 'host', 'network', 'ingress', 'bytes'), periodMs));
        this.#set('net_out', perSecond(at(fields, 'host', 'network', 'egress', 'bytes'), periodMs));
        break;
      default:
    }
  }

  /** Undefined: nothing of it was measured. */
  get measured(): MachineMeasured | undefined {
    return Object.keys(this.#sample).length === 0 ? undefined : this.#sample;
  }

  /** Each has a document, and the fullest counts. */
  #addFilesystem(filesystem: Fields): void {
    const disk = share(at(filesystem, 'used', 'pct'));
    if (disk === undefined || disk <= (this.#sample.disk ?? -1)) return;
    const mount = filesystem['mount_point'];
    this.#sample.disk = disk;
    this.#sample.disk_mount = typeof mount === 'string' ? mount : '';
  }

  #set(name: Name, value: number | undefined): void {
    if (value !== undefined) this.#sample[name] = value;
  }
}

function share(value: number | undefined): number | undefined {
  return value === undefined ? undefined : Math.round(value * 1000) / 10;
}

/** What was added within a period of the set, by seconds. */
function perSecond(value: number | undefined, periodMs: number): number | undefined {
  return value === undefined ? undefined : Math.round((value * 1000) / periodMs);
}

function at(fields: Fields, ...path: readonly string[]): number | undefined {
  let value: unknown = fields;
  for (const name of path) value = asFields(value)[name];
  return typeof value === 'number' && Number.isFinite(value) ? value : undefined;
}
