import { paths } from './cases/paths.ts';
import { runGroup } from './run-group.ts';

runGroup(paths);
