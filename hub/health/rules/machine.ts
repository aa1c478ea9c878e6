/** The disks and the memory of this hub's machine. */
import { formatBytes } from '@tributary/shared/options/units.ts';
import type { HealthRules } from '../../config/health-options.ts';
import type { Finding } from '../findings.ts';
import { levelOf, type Rule, type RuleFacts } from './rule.ts';

const mebibyte = 1024 * 1024;

export class Machine implements Rule {
  readonly kinds = ['disk-filling', 'archive-disk-filling', 'memory'] as const;

  look({ machine: { folders, memory } }: RuleFacts, rules: HealthRules): readonly Finding[] {
    const found: Finding[] = [];
    for (const { name, output, usedPercent, freeBytes } of rules.disk.enabled ? folders : []) {
      const level = levelOf(usedPercent, rules.disk);
      if (level === undefined) continue;
      const consequence = output === undefined ? 'nothing is taken in when it is full' : 'the archive waits when it is full';
      const reason = `the disk of ${name} is ${Math.floor(usedPercent)} % full, ${rounded(freeBytes)} are free: ${consequence}; make room, or give it a larger one`;
      found.push({
        kind: output === undefined ? 'disk-filling' : 'archive-disk-filling',
        subject: output ?? name,
        level,
        reason,
      });
    }
    const level = memory === undefined ? undefined : levelOf(memory.usedPercent, rules.memory);
    if (memory !== undefined && level !== undefined && rules.memory.enabled) {
      const reason = `${Math.floor(memory.usedPercent)} % of the memory of this hub's machine are in use, ${rounded(memory.ownBytes)} of it by the hub: the system ends processes when there is none left; see what uses it`;
      found.push({ kind: 'memory', subject: 'memory', level, reason });
    }
    return found;
  }
}

function rounded(bytes: number): string {
  return formatBytes(Math.round(bytes / mebibyte) * mebibyte);
}
