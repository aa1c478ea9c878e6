/** Every group of the table, in the order of docs/FILE-CASES.md. */
import { encodings } from './cases/encodings.ts';
import { hubAway } from './cases/hub-away.ts';
import { killing } from './cases/killing.ts';
import { logrotate } from './cases/logrotate.ts';
import { longLine } from './cases/long-line.ts';
import { paths } from './cases/paths.ts';
import { records } from './cases/records.ts';
import { renaming } from './cases/renaming.ts';
import { whileStopped } from './cases/stopping.ts';
import { troubles } from './cases/troubles.ts';
import { betweenLooks, truncating } from './cases/truncating.ts';
import { writing } from './cases/writing.ts';
import type { CaseGroup } from './file-case.ts';

export const groups: readonly CaseGroup[] = [
  writing,
  longLine,
  renaming,
  truncating,
  betweenLooks,
  whileStopped,
  killing,
  hubAway,
  logrotate,
  records,
  encodings,
  paths,
  troubles,
];
