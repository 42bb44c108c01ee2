import { tellSpent } from './operation-budget';
import type { ReceivedSubmit } from './submit';

/** A part of an answer was sent of which its client has said more: what that has used up is told, or waited for. */
export function partSent(submit: ReceivedSubmit): void {
  const window = submit.scheduled?.window;
  if (window !== undefined && window.left > 0) {
    window.left -= 1;
    if (window.left === 0) window.runOut();
  }
  tellSpent(submit);
}
