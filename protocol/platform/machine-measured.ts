/**
 * How a machine is, in the few figures that hubs draw charts of (`event.dataset` is `tributary.machine`): `tributary.machine` of the document. What the
 * metric sets tell in full is for those who keep it, and no hub has to read that.
 */

export const machineMeasured = 'tributary.machine';

/** Each only where it was measured in this turn. */
export interface MachineMeasured {
  /** Percent, of all processors. */
  readonly cpu?: number;
  readonly load1?: number;
  /** Percent, without the page cache. */
  readonly memory?: number;
  readonly swap?: number;
  /** Percent, of the fullest file system. */
  readonly disk?: number;
  /** Where that one is mounted. */
  readonly disk_mount?: string;
  /** Bytes a second, of all devices and of all interfaces but loopback. */
  readonly disk_read?: number;
  readonly disk_write?: number;
  readonly net_in?: number;
  readonly net_out?: number;
}
