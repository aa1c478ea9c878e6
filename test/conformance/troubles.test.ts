import { troubles } from './cases/troubles.ts';
import { runGroup } from './run-group.ts';

runGroup(troubles);
