import { encodings } from './cases/encodings.ts';
import { runGroup } from './run-group.ts';

runGroup(encodings);
