import { NEVER, of, Subject } from 'rxjs';
import { logAnswer } from '../../../demo/cli/server-log';
import type { SubmitEnd } from '../../../src';

/** What is logged of an answer of three tokens to `prompt` that ends as said. */
function logOf(prompt: string, end: SubmitEnd = 'completed'): string[] {
  const lines: string[] = [];
  const ended$ = new Subject<SubmitEnd>();
  const log = (line: string): void => void lines.push(line);
  of('a', 'b', 'c')
    .pipe(logAnswer(log, { sessionId: 5, ended$ }, prompt))
    .subscribe();
  expect(lines).toEqual([]);
  ended$.next(end);
  return lines;
}

describe('logAnswer', () => {
  it('says how an answer ended, in one line', () => {
    expect(logOf('Call me')).toEqual([
      expect.stringMatching(/^session 5: “Call me” completed, 3 tokens in \d+\.\d\d s$/),
    ]);
    expect(logOf('Call me', 'cancelled')).toEqual([
      expect.stringMatching(/^session 5: “Call me” cancelled, 3 tokens in \d+\.\d\d s$/),
    ]);
  });

  it('shows the beginning of a long prompt', () => {
    const [line] = logOf('Call me Ishmael. Some years ago, never mind how long precisely');
    expect(line).toContain('“Call me Ishmael. Some years ago, never m…”');
  });

  it('shows no line break and no control character of a prompt', () => {
    const [line] = logOf('Call\nme\u001b[2J Ish\u0000mael\u202e');
    expect(line).toContain('“Call me [2J Ish mael”');
  });

  it('passes the answer on, and does not subscribe to it before it is wanted', () => {
    const submit = { sessionId: 5, ended$: NEVER };
    const source = new Subject<string>();
    const answer$ = source.pipe(logAnswer(() => undefined, submit, 'Call me'));
    expect(source.observed).toBe(false);
    const tokens: string[] = [];
    const subscription = answer$.subscribe((token) => tokens.push(token));
    source.next(' Ishmael');
    expect(tokens).toEqual([' Ishmael']);
    subscription.unsubscribe();
    expect(source.observed).toBe(false);
  });
});
