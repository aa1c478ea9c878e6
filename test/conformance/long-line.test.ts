import { longLine } from './cases/long-line.ts';
import { runGroup } from './run-group.ts';

runGroup(longLine);
