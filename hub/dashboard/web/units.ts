/** Figures for people: three digits that say something, with their unit. */
const countUnits = ['', 'k', 'M', 'G', 'T'];
const byteUnits = ['B', 'kB', 'MB', 'GB', 'TB', 'PB'];

/** 999, 1.2k, 45.6k, 3M. */
export function count(value: number): string {
  return scaled(value, countUnits, '');
}

/** With separators, for where the exact figure matters. */
export function exact(value: number): string {
  return Math.round(value).toLocaleString('en');
}

/** 512 B, 1.2 kB, 45.6 MB; a kilobyte is 1,000 bytes. */
export function bytes(value: number): string {
  return scaled(value, byteUnits, ' ');
}

export function bytesPerSecond(value: number): string {
  return `${bytes(value)}/s`;
}

export function perSecond(value: number): string {
  return `${value > 0 && value < 10 ? trimmed(value, value < 1 ? 2 : 1) : count(value)}/s`;
}

export function percent(value: number): string {
  return `${value < 10 ? trimmed(value, 1) : Math.round(value)} %`;
}

/** 0 s, 12 s, 3 min, 2 h 5 min, 4 d. */
export function duration(ms: number): string {
  const seconds = Math.max(0, Math.round(ms / 1000));
  if (seconds < 60) return `${seconds} s`;
  const minutes = Math.floor(seconds / 60);
  if (minutes < 60) return `${minutes} min`;
  const hours = Math.floor(minutes / 60);
  if (hours < 24) return minutes % 60 === 0 || hours >= 10 ? `${hours} h` : `${hours} h ${minutes % 60} min`;
  return `${Math.floor(hours / 24)} d`;
}

/** `one agent`, `2 agents`. */
export function some(value: number, one: string, many = `${one}s`): string {
  return value === 1 ? `1 ${one}` : `${exact(value)} ${many}`;
}

function scaled(value: number, units: readonly string[], space: string): string {
  const sign = value < 0 ? '−' : '';
  let rest = Math.abs(value);
  let unit = 0;
  while (rest >= 999.5 && unit < units.length - 1) {
    rest /= 1000;
    unit += 1;
  }
  const text = unit === 0 || rest >= 99.95 ? String(Math.round(rest)) : trimmed(rest, 1);
  const name = units[unit] ?? '';
  return `${sign}${text}${name === '' ? '' : space}${name}`;
}

function trimmed(value: number, digits: number): string {
  return value.toFixed(digits).replace(/\.?0+$/, '');
}
