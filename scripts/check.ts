// `npm run check`: types, lint, format and generated docs; what `npm test` runs before the tests.

import { listChecks, runChecks } from './checks.ts';
import { listenForInterrupt } from './interrupt.ts';

const abort = new AbortController();
using _ = listenForInterrupt({ onFirst: () => abort.abort(), onAgain: () => abort.abort() });
const failed = await runChecks(listChecks(), abort.signal);
if (abort.signal.aborted) process.exitCode = 130;
else if (failed.length > 0) process.exitCode = 1;
