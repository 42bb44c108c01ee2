import { Chat } from '@ai-sdk/react';
import type { ChatTransport, UIMessage } from 'ai';
import type { ClientSession } from '../../src/client/session/session';
import type { AnswerSummary } from '../../src/protocol/operation/answer-summary';
import { encodeSummary } from '../../src/protocol/operation/answer-summary';
import { failure } from '../../src/protocol/operation/failure';
import { chatTransport } from '../../src/react';
import { endServed, Served } from '../support/served';
import { until } from '../support/until';
import { quiet, Stage } from './stage';

type Message = UIMessage<AnswerSummary>;

afterEach(endServed);

const QUESTION: Message = { id: 'q1', role: 'user', parts: [{ type: 'text', text: 'Call me' }] };

function chatOver(session: ClientSession, messages: Message[] = []): Chat<Message> {
  const transport: ChatTransport<Message> = chatTransport(() => session);
  return new Chat({ id: 'chat', transport, messages });
}

function textOf({ parts }: Message): string {
  return parts.flatMap((part) => (part.type === 'text' ? [part.text] : [])).join('');
}

/** `user: Call me`, and so on. */
function said({ messages }: Chat<Message>): string[] {
  return messages.map((message) => `${message.role}: ${textOf(message)}`);
}

describe('a chat of the AI SDK', () => {
  let stage: Stage;
  let session: ClientSession;

  beforeEach(async () => {
    stage = new Stage();
    session = await stage.open();
  });

  it('asks as the SDK posts it, and shows the answer as it comes', async () => {
    const chat = chatOver(session);
    const asking = chat.sendMessage(QUESTION, { body: { temperature: 0 }, metadata: { trace: 1 } });
    await quiet();
    expect(JSON.parse(stage.asked[0]!)).toEqual({
      temperature: 0,
      id: 'chat',
      messages: [QUESTION],
      trigger: 'submit-message',
      metadata: { trace: 1 },
    });
    stage.answers[0]!.next('Ish');
    await until(() => chat.status === 'streaming' && textOf(chat.lastMessage!) !== '', 'the first text');
    expect(said(chat)).toEqual(['user: Call me', 'assistant: Ish']);
    stage.answers[0]!.next('mael');
    stage.answers[0]!.complete();
    await asking;
    expect(said(chat)).toEqual(['user: Call me', 'assistant: Ishmael']);
    expect([chat.status, chat.lastMessage!.id]).toEqual(['ready', 'q1-answer']);
  });

  it('has the summary of an answer as its metadata', async () => {
    const served = new Served();
    const usage = { inputTokens: 2, outputTokens: 1 };
    served.server.sessions$.subscribe((opened) => {
      opened.submits$.subscribe((submit) => {
        const { body, fields } = encodeSummary({ usage });
        opened.sendResult(submit.complete(body, fields));
      });
    });
    const chat = chatOver(await served.open());
    await chat.sendMessage(QUESTION);
    expect(chat.lastMessage!.metadata).toEqual({ usage });
  });

  it('errors with the error of its submit, and asks again', async () => {
    const chat = chatOver(session);
    const asking = chat.sendMessage(QUESTION);
    await quiet();
    stage.answers[0]!.error(failure(429, 'later'));
    await asking;
    expect(chat.status).toBe('error');
    expect(chat.error).toMatchObject({ reason: 'failed', status: 429, text: 'later' });
    const again = chat.regenerate();
    await quiet();
    stage.answers[1]!.next('Ishmael');
    stage.answers[1]!.complete();
    await again;
    expect(said(chat)).toEqual(['user: Call me', 'assistant: Ishmael']);
  });

  it('cancels when it is stopped, also where no text has come, and is ready', async () => {
    const chat = chatOver(session);
    for (const text of ['', 'Ish']) {
      const asking = chat.sendMessage(QUESTION);
      await quiet();
      const answer = stage.answers.at(-1)!;
      if (text !== '') answer.next(text);
      await quiet();
      await chat.stop();
      await asking;
      await quiet();
      expect(answer.observed).toBe(false);
      expect([chat.status, chat.error]).toEqual(['ready', undefined]);
    }
    expect(stage.over).toBe(2);
  });

  it('takes up the answer whole after a reload, and stops it', async () => {
    void chatOver(session).sendMessage(QUESTION);
    await quiet();
    stage.answers[0]!.next('Ish');
    await quiet();
    const resumed = await stage.reload(session);
    // What the page had kept of the answer is replaced.
    const kept: Message = { id: 'q1-answer', role: 'assistant', parts: [{ type: 'text', text: 'I' }] };
    const chat = chatOver(resumed, [QUESTION, kept]);
    void chat.resumeStream();
    await until(() => said(chat).at(-1) === 'assistant: Ish', 'the answer');
    stage.answers[0]!.next('mael');
    await until(() => said(chat).at(-1) === 'assistant: Ishmael', 'the rest');
    expect(said(chat)).toHaveLength(2);
    await chat.stop();
    await quiet();
    expect([chat.status, stage.over, stage.asked.length]).toEqual(['ready', 1, 1]);
  });

  it('takes it up once, where StrictMode asks twice', async () => {
    void chatOver(session).sendMessage(QUESTION);
    await quiet();
    const chat = chatOver(await stage.reload(session), [QUESTION]);
    await Promise.all([
      chat.resumeStream(),
      chat.resumeStream(),
      quiet().then(() => stage.answers[0]!.complete()),
    ]);
    expect([chat.status, chat.error, stage.over]).toEqual(['ready', undefined, 1]);
    expect(said(chat)).toEqual(['user: Call me', 'assistant: ']);
    await chat.resumeStream();
    expect(said(chat)).toHaveLength(2);
  });

  it('has nothing to take up in a session that was opened', async () => {
    const chat = chatOver(session, [QUESTION]);
    await chat.resumeStream();
    expect([chat.status, said(chat)]).toEqual(['ready', ['user: Call me']]);
  });

  it('takes up what no chat has asked', async () => {
    session.submit({ body: 'Call me' }).subscribe({ error: () => undefined });
    await quiet();
    const chat = chatOver(await stage.reload(session), [QUESTION]);
    const resuming = chat.resumeStream();
    await quiet();
    stage.answers[0]!.next('Ishmael');
    stage.answers[0]!.complete();
    await resuming;
    expect(said(chat)).toEqual(['user: Call me', 'assistant: Ishmael']);
  });

  it('says so where the answer cannot be had from its start', async () => {
    const resumed = { ...(await stage.reload(session)), sessionId: 7 };
    const operations = [{ operationId: 3, isWhole: false, sent: undefined, results: session.submit({}) }];
    const chat = chatOver({ ...resumed, operations });
    await chat.resumeStream();
    expect(chat.error?.message).toBe(
      'operation 3 of session 7 cannot be shown from its start; its server needs `retain`',
    );
  });
});
