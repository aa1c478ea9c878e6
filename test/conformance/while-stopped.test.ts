import { whileStopped } from './cases/stopping.ts';
import { runGroup } from './run-group.ts';

runGroup(whileStopped);
