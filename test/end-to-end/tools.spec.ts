import { firstValueFrom, NEVER, of } from 'rxjs';
import type { ToolCall } from '../../src/client/submissions/tools/tool-calls';
import type { ResultStream } from '../../src/client/submissions/results/result-stream';
import { failure } from '../../src/protocol/operation/failure';
import { OperationState } from '../../src/protocol/operation/operation';
import type { Submit } from '../../src/server/session/session-message';
import { settled } from '../support/async';
import { endServed, Served } from '../support/served';
import { pause, until } from '../support/until';

afterEach(endServed);

/** Answers every call of an answer by what its name says. */
function withTools(
  answer: ResultStream,
  tools: Readonly<Record<string, (call: ToolCall) => unknown>>,
): ResultStream {
  answer.tools$.subscribe((call) => {
    call.answer(() => tools[call.name]?.(call));
  });
  return answer;
}

async function served(handler: (submit: Submit) => AsyncIterable<string>, options = {}, client = {}) {
  const of = new Served(options);
  const submits: Submit[] = [];
  of.server.sessions$.subscribe((session) =>
    session.respond((submit) => {
      submits.push(submit);
      return handler(submit);
    }),
  );
  const session = await (
    await of.connect(client)
  ).openSession({ maxInFlightOperations: 2, reconnect: { minDelayMs: 1 } });
  return { of, session, submits };
}

describe.each(['preview3', 'preview4'] as const)('a tool, in %s', (revision) => {
  it('is asked in the middle of an answer, and answers what JSON has', async () => {
    const { session } = await served(
      async function* (submit) {
        yield 'It is ';
        const { city, degrees } = (await submit.tool({
          name: 'weather',
          arguments: { city: 'Nantucket' },
        })) as {
          city: string;
          degrees: number;
        };
        yield `${degrees} in ${city}`;
      },
      {},
      { revision },
    );
    const answer = withTools(session.submit({ body: '?' }), {
      weather: async ({ arguments: given }) => ({ ...(given as object), degrees: 21 }),
    });
    expect((await answer.whole()).text).toBe('It is 21 in Nantucket');
    const parts: string[] = [];
    for await (const part of answer.text$) parts.push(part);
    expect(parts.join('')).toBe('It is 21 in Nantucket');
    expect(await firstValueFrom(session.credit$)).toMatchObject({ inFlight: 0, waiting: 0 });
  });

  it('may be one of two at once, and the answer streams on meanwhile', async () => {
    const { session } = await served(
      async function* (submit) {
        const both = Promise.all([submit.tool({ name: 'slow' }), submit.tool({ name: 'fast' })]);
        yield 'thinking, ';
        yield (await both).join(' and ');
      },
      {},
      { revision },
    );
    const seen: string[] = [];
    let letGo: (value: string) => void = () => undefined;
    const slow = new Promise((resolve) => {
      letGo = resolve;
    });
    const answer = withTools(session.submit({}), { slow: () => slow, fast: () => 'fast' });
    answer.text$.subscribe((text) => seen.push(text));
    await until(() => seen.length === 1, 'seen.length === 1');
    letGo('slow');
    await until(() => seen.length === 2, 'seen.length === 2');
    expect(seen).toEqual(['thinking, ', 'slow and fast']);
  });

  it('that asks questions itself does not wait for the operations that wait for it', async () => {
    const { session, submits } = await served(
      async function* (submit) {
        if (submit.text === 'agent') yield String(await submit.tool({ name: 'ask' }));
        else yield 'asked';
      },
      { maxInFlightOperations: 2, grantedOperationCredit: 2 },
      { revision },
    );
    const ask = async () => (await session.submit({ body: 'question' }).whole()).text;
    const answers = Array.from({ length: 5 }, () =>
      withTools(session.submit({ body: 'agent' }), { ask }).whole(),
    );
    expect((await Promise.all(answers)).map(({ text }) => text)).toEqual(Array(5).fill('asked'));
    expect(submits).toHaveLength(10);
    expect(await firstValueFrom(session.credit$)).toMatchObject({ inFlight: 0, waiting: 0 });
  });
});

describe('a call of a tool', () => {
  const errors: unknown[] = [];
  const asking = (request: { name: string; arguments?: unknown }) =>
    async function* (submit: Submit) {
      try {
        yield JSON.stringify((await submit.tool(request)) ?? 'nothing');
      } catch (error) {
        errors.push(error);
        throw error;
      }
    };
  beforeEach(() => {
    errors.length = 0;
  });

  it('that fails is a failure of its handler, which may catch it; what it does not say is status 500', async () => {
    const { session } = await served(asking({ name: 'it' }));
    const failing = withTools(session.submit({}), {
      it: () => Promise.reject(failure(404, 'no such thing')),
    });
    await expect(failing.whole()).rejects.toMatchObject({
      reason: 'failed',
      status: 404,
      text: 'no such thing',
    });
    const broken = withTools(session.submit({}), { it: () => Promise.reject(new Error('secret')) });
    await expect(broken.whole()).rejects.toMatchObject({ status: 500, text: '' });
    const odd = withTools(session.submit({}), { it: () => 1n });
    await expect(odd.whole()).rejects.toMatchObject({
      status: 500,
      text: 'the result is none that JSON has; one that gives nothing has to give null',
    });
  });

  it.each([
    [
      'throws',
      () => {
        throw new Error('secret');
      },
      500,
      '',
    ],
    [
      'throws a failure',
      () => {
        throw failure(404, 'no such tool');
      },
      404,
      'no such tool',
    ],
    [
      'gives undefined',
      () => undefined,
      500,
      'the result is none that JSON has; one that gives nothing has to give null',
    ],
    [
      'gives a function',
      () => () => 1,
      500,
      'the result is none that JSON has; one that gives nothing has to give null',
    ],
  ])('that %s is a failure: nobody waits for it', async (_, it, status, text) => {
    const { session } = await served(asking({ name: 'it' }));
    await expect(withTools(session.submit({}), { it }).whole()).rejects.toMatchObject({ status, text });
  });

  it('calls a function that it is answered with once, and no second one', async () => {
    const { session } = await served(asking({ name: 'it' }));
    const answer = session.submit({});
    const second = jest.fn();
    answer.tools$.subscribe((call) => {
      call.answer(() => null);
      call.answer(second);
    });
    await expect(answer.whole()).resolves.toMatchObject({ text: '"nothing"' });
    expect(second).not.toHaveBeenCalled();
  });

  it.each([
    [
      { name: 'it', arguments: () => 1 },
      'the arguments of submit.tool must be a value that JSON has, got a function',
    ],
    [
      { name: 'it', arguments: { city: 10n } },
      'the arguments of submit.tool must be a value that JSON has, got an object with city, with a bigint, a circle or a toJSON that throws',
    ],
    [{ name: 'it', args: 1 }, 'submit.tool has no option "args"; it takes name, arguments'],
    [{ name: 1 }, 'name must be a string that is not empty, got 1'],
    [{}, 'name must be a string that is not empty, got undefined'],
    [undefined, 'the options of submit.tool must be an object, got undefined'],
  ])('is not made of what is no request: %p', async (request, message) => {
    const { session } = await served(asking(request as never));
    const it = jest.fn(() => 1);
    await expect(withTools(session.submit({}), { it }).whole()).rejects.toMatchObject({ status: 500 });
    expect(errors).toMatchObject([{ name: 'TypeError', message }]);
    expect(it).not.toHaveBeenCalled();
  });

  it('that nobody listens to is refused in words', async () => {
    const { session } = await served(asking({ name: 'it' }));
    await expect(session.submit({}).whole()).rejects.toMatchObject({
      status: 501,
      text: expect.stringContaining('tools$') as string,
    });
  });

  it('is not made where the client takes none, or its arguments are none', async () => {
    const { of: stage } = await served(asking({ name: 'it' }));
    const silent = await (await stage.connect()).openSession({ announce: false });
    // It takes no ERROR for an end, either.
    await withTools(silent.submit({}), { it: () => 1 }).whole();
    expect(errors).toMatchObject([{ status: 501 }]);
    const other = await served(asking({ name: 'it', arguments: 1n }));
    await expect(withTools(other.session.submit({}), { it: () => 1 }).whole()).rejects.toMatchObject({
      status: 500,
    });
    expect(errors[1]).toBeInstanceOf(TypeError);
  });

  it('ends with its operation: at both ends somebody hears of it', async () => {
    const { session, submits, of: stage } = await served(asking({ name: 'it' }));
    const calls: ToolCall[] = [];
    const answer = session.submit({});
    answer.tools$.subscribe((call) => calls.push(call));
    const asked = answer.subscribe();
    await until(() => calls.length === 1, 'calls.length === 1');
    expect(submits[0]?.state).toBe(OperationState.WaitingTool);
    expect(calls[0]?.signal.aborted).toBe(false);
    asked.unsubscribe();
    await until(() => errors.length === 1, 'errors.length === 1');
    expect(errors).toMatchObject([{ name: 'AbortError' }]);
    expect(calls[0]?.signal.aborted).toBe(true);
    calls[0]?.answer('too late');
    await settled();
    expect(stage.server.usage).toMatchObject({ operationsInFlight: 0 });
    expect(stage.violations).toEqual([]);
    expect(stage.failures).toEqual([]);
  });

  it('is answered once, though its connection is cut before, in the middle, and after', async () => {
    const { session, submits, of: stage } = await served(asking({ name: 'it' }));
    let runs = 0;
    const answer = withTools(session.submit({}), {
      it: async () => {
        runs += 1;
        stage.endpoint.cut();
        await pause(5);
        stage.endpoint.cut();
        return 'once';
      },
    });
    const states: string[] = [];
    session.state$.subscribe((state) => states.push(state));
    await expect(answer.whole()).resolves.toMatchObject({ text: '"once"' });
    stage.endpoint.cut();
    await until(() => states.at(-1) === 'resumed', 'states.at(-1) === "resumed"');
    await expect(withTools(session.submit({}), { it: () => 2 }).whole()).resolves.toMatchObject({
      text: '2',
    });
    expect([runs, submits.length]).toEqual([1, 2]);
    expect(await firstValueFrom(session.credit$)).toMatchObject({ inFlight: 0, waiting: 0 });
    expect(stage.violations).toEqual([]);
  });

  it('is lost with its session, and its handler hears of that', async () => {
    const { session } = await served(asking({ name: 'it' }));
    const answer = withTools(session.submit({}), { it: () => NEVER.forEach(() => undefined) });
    const whole = answer.whole();
    await settled();
    await session.close();
    await expect(whole).rejects.toThrow();
    await until(() => errors.length === 1, 'errors.length === 1');
    expect(errors).toMatchObject([{ name: 'AbortError' }]);
  });

  it('lets its session drain: the answer of a tool still comes', async () => {
    const { session, of: stage } = await served(asking({ name: 'it' }));
    const answer = withTools(session.submit({}), { it: () => pause(20).then(() => 'late') });
    const whole = answer.whole();
    await settled();
    await Promise.all([
      stage.server.close({ graceMs: 1000 }),
      expect(whole).resolves.toMatchObject({ text: '"late"' }),
    ]);
  });

  it('is one of so many: past them the handler is refused, and the limit told', async () => {
    const { session, of: stage } = await served(
      async function* (submit) {
        const calls = Array.from({ length: 4 }, () => submit.tool({ name: 'it' }));
        yield (await Promise.allSettled(calls)).map(({ status }) => status).join();
      },
      { limits: { maxToolCalls: 3 } },
    );
    const answer = withTools(session.submit({}), { it: () => 1 });
    expect((await answer.whole()).text).toBe('fulfilled,fulfilled,fulfilled,rejected');
    expect(stage.limits).toMatchObject([
      { limit: 'maxToolCalls', allowed: 3, observed: 4, consequence: 'refused' },
    ]);
  });

  it('that is not awaited ends no process', async () => {
    const { session } = await served(async function* (submit) {
      void submit.tool({ name: 'it' });
      yield await firstValueFrom(of('done'));
    });
    await expect(
      withTools(session.submit({}), { it: () => NEVER.forEach(() => undefined) }).whole(),
    ).resolves.toMatchObject({
      text: 'done',
    });
    await settled();
  });
});
