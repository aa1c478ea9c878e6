import { renaming } from './cases/renaming.ts';
import { runGroup } from './run-group.ts';

runGroup(renaming);
