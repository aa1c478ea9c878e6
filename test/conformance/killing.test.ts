import { killing } from './cases/killing.ts';
import { runGroup } from './run-group.ts';

runGroup(killing);
