import { RuntimeError } from '../protocol/runtime-error';

/** What an application cannot do with objects, as things are. */
export function misuse(message: string): RuntimeError {
  return new RuntimeError('internal', message, { reach: 'packet', origin: 'application' });
}
