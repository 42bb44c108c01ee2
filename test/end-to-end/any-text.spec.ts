import fc from 'fast-check';
import { type OperationError, type SessionRejectedError } from '../../src/client/errors';
import { failure } from '../../src/protocol/operation/failure';
import { accept, refuse } from '../../src/server/opening/policy';
import { endServed, Served } from '../support/served';

/** Bytes of a text that is for a client to read, at most; the rest is cut off, between characters. */
const MAX_BYTES = 256;
const LONG = 'x'.repeat(MAX_BYTES - 2);

/** Any characters, and halves of them. */
const unit = fc.oneof(fc.integer({ min: 0, max: 0xffff }), fc.integer({ min: 0xd7ff, max: 0xe000 }));
const anyText = fc.array(unit, { maxLength: 40 }).map((units) => String.fromCharCode(...units));
const examples = [
  '\ud800',
  'a\udc00b',
  '\u{1f600}',
  `${LONG}\u{1f600}`,
  '\ufeffx',
  '\u0000',
  'ü'.repeat(300),
];

/** As it is once it was UTF-8. */
function wellFormed(text: string): string {
  return Buffer.from(text).toString();
}

/** What is left of it where it may take so many bytes. */
function cut(text: string): string {
  let left = '';
  for (const character of wellFormed(text)) {
    if (Buffer.byteLength(left + character) > MAX_BYTES) break;
    left += character;
  }
  return left;
}

async function errorOf<T extends Error>(call: Promise<unknown>): Promise<T> {
  return call.then(
    () => {
      throw new Error('it did not fail');
    },
    (error: unknown) => error as T,
  );
}

describe('any text', () => {
  afterEach(endServed);

  it('arrives in UTF-8, half a character as U+FFFD, whoever says it', () =>
    fc.assert(
      fc.asyncProperty(anyText, async (text) => {
        const served = new Served({
          policy: ({ auth }) => (auth.length === 0 ? refuse('auth-failed', text) : accept(auth)),
        });
        const contexts: unknown[] = [];
        served.server.sessions$.subscribe((session) => {
          contexts.push(Buffer.from(session.context as Uint8Array).toString());
          session.respond((submit) => {
            if (submit.text === 'fail') throw failure(429, text);
            return submit.text;
          });
        });
        const { text: refusal } = await errorOf<SessionRejectedError>(served.open());
        expect(refusal ?? '').toBe(cut(text));
        const session = await served.open({ auth: `auth ${text}` });
        expect(contexts).toEqual([`auth ${wellFormed(text)}`]);
        const failed = await errorOf<OperationError>(session.submit({ body: 'fail' }).whole());
        expect(failed.text).toBe(cut(text));
        expect((await session.submit({ body: `echo ${text}` }).whole()).text).toBe(
          `echo ${wellFormed(text)}`,
        );
        await endServed();
      }),
      { examples: examples.map((text): [string] => [text]) },
    ));
});
