import type { Answer, SubmitHandler } from '../../../../operators/respond-to-submits';
import type { Submit } from './submit';

/**
 * The handler, whose submits keep their slots until it is really over. Who unsubscribes from a promise or
 * from an async iterable does not stop it: without this, a client that submits and cancels would have any
 * number of them at work. An Observable is over when it is unsubscribed from; where one goes on behind
 * that, `Submit.keepSlotUntil` says so.
 */
export function keepingSlots(handler: SubmitHandler<Submit>): SubmitHandler<Submit> {
  return (submit, index) => {
    const answers = handler(submit, index);
    if (typeof answers !== 'object' || answers === null) return answers;
    if (isPromise(answers)) submit.keepSlotUntil(answers);
    else if (isAsyncIterable(answers)) return watched(answers, submit);
    return answers;
  };
}

/**
 * The iterable, whose early end the submit's slot waits for: its `return`, which is answered once it is
 * over; of one that has none, the item that it was asked for.
 */
function watched(answers: AsyncIterable<Answer>, submit: Submit): AsyncIterable<Answer> {
  return {
    [Symbol.asyncIterator]: () => {
      const iterator = answers[Symbol.asyncIterator]();
      let asked: Promise<IteratorResult<Answer>> = Promise.resolve(OVER);
      return {
        next: () => {
          asked = iterator.next();
          return asked;
        },
        return: () => {
          const closed = iterator.return?.();
          submit.keepSlotUntil(closed ?? asked);
          return closed ?? Promise.resolve(OVER);
        },
      };
    },
  };
}

const OVER: IteratorReturnResult<undefined> = { done: true, value: undefined };

function isPromise(answers: object): answers is PromiseLike<Answer> {
  return 'then' in answers && typeof answers.then === 'function';
}

function isAsyncIterable(answers: object): answers is AsyncIterable<Answer> {
  return Symbol.asyncIterator in answers;
}
