import { isLeftOut } from '../mount-points.ts';
import type { ProcReader } from './proc-reader.ts';

export interface WantedMounts {
  /** Those of other machines, too. */
  readonly withOthers: boolean;
  /** Globs of mount points. */
  readonly exclude: readonly string[];
}

export interface Mount {
  readonly device: string;
  readonly point: string;
  readonly type: string;
  readonly isOfOthers: boolean;
}

/** What the kernel makes up, and images, which are always full: they have no room that could be used up. */
const madeUp = new Set(
  (
    'autofs bdev binfmt_misc bpf cgroup cgroup2 configfs cpuset cramfs debugfs devfs devpts devtmpfs efivarfs fusectl fuse.gvfsd-fuse fuse.lxcfs ' +
    'fuse.portal fuse.snapfuse fuse.squashfuse hugetlbfs iso9660 mqueue none nsfs pipefs proc pstore ramfs rootfs rpc_pipefs securityfs selinuxfs sockfs squashfs sysfs ' +
    'tmpfs tracefs overlay erofs udf'
  ).split(' '),
);

/** Of other machines: asking how full one is waits for that machine. */
const ofOthers = /^(?:nfs\d?|cifs|smb\d?|smbfs|9p|afs|ceph|glusterfs|lustre|ncpfs|coda|fuse\..+|fuse)$/;

/** File systems that hold data, one mount point each: the shortest of those that show the same device. */
export function mountsOf(reader: ProcReader, { withOthers, exclude }: WantedMounts): readonly Mount[] {
  const found = new Map<string, Mount>();
  for (const line of reader.mustRead(reader.ofMachine('mounts')).toString('utf8').split('\n')) {
    const [device = '', point = '', type = ''] = line.split(' ').map(unescaped);
    const isOfOthers = ofOthers.test(type);
    if (point === '' || madeUp.has(type) || (!withOthers && isOfOthers)) continue;
    const before = found.get(device);
    if (before === undefined || before.point.length > point.length) found.set(device, { device, point, type, isOfOthers });
  }
  // Left out last: what else shows the same device is left out with it.
  return [...found.values()].filter(({ point }) => !isLeftOut(point, exclude));
}

/** White space and backslashes are written as three octal digits. */
function unescaped(word: string): string {
  return word.replaceAll(/\\([0-7]{3})/g, (_, digits: string) => String.fromCharCode(Number.parseInt(digits, 8)));
}
