/** Rules of schedules for the schema of the configuration. Loaded only while a configuration is read. */
import { validate } from 'node-cron';

export function isSchedule(expression: string): boolean {
  return validate(expression);
}

export function isTimeZone(name: string): boolean {
  try {
    return new Intl.DateTimeFormat('en', { timeZone: name }).resolvedOptions().timeZone !== '';
  } catch {
    return false;
  }
}
