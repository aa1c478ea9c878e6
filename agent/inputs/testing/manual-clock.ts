export { ManualClock } from '@tributary/shared/testing/manual-clock.ts';
