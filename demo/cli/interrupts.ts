import { fromEvent, share, throttleTime } from 'rxjs';
import { INTERRUPTED } from './program';

/**
 * Ctrl-C, once a press: npm passes the signal on to a program that has it from the terminal already. Once
 * somebody has subscribed, the signal does not end the program by itself any more.
 */
export const interrupt$ = fromEvent(process, 'SIGINT').pipe(
  throttleTime(100),
  share({ resetOnRefCountZero: false }),
);

/** From now on Ctrl-C waits for nothing. */
export function exitOnInterrupt(): void {
  interrupt$.subscribe(() => process.exit(INTERRUPTED));
}
