/** Where Linux keeps what tells one machine, and one boot of it, from another. The only file that knows these paths. */
export const machineIdFiles = ['/etc/machine-id', '/var/lib/dbus/machine-id'] as const;

export const bootIdFile = '/proc/sys/kernel/random/boot_id';
