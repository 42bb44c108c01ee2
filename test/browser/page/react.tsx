import { useChat } from '@ai-sdk/react';
import { StrictMode, Suspense, use, useState, type JSX } from 'react';
import { createRoot } from 'react-dom/client';
import { connect, type ClientSession } from '../../../src/browser';
import { chatTransport, useAnswer } from '../../../src/react';

// The same page twice: with the hook of this package, and, where its URL ends in #useChat, with that of the AI SDK.

const PARTS = '40';

/** Takes up the session that this tab has a ticket of, or opens one. */
async function open(): Promise<ClientSession> {
  const client = await connect(`${location.origin.replace('http', 'ws')}/nnrp`);
  const reconnect = { minDelayMs: 20 };
  const session = await client
    .resumeSession(sessionStorage.getItem('ticket') ?? '', { reconnect })
    .catch(() => client.openSession({ requestedSessionId: 0, reconnect }));
  session.ticket$.subscribe((ticket) => {
    sessionStorage.setItem('ticket', ticket);
  });
  return session;
}

const opening = open();
const transport = chatTransport(() => opening);

interface Shown {
  readonly status: string;
  readonly text: string;
  readonly ask: () => void;
  readonly stop: () => void;
}

function Answer({ status, text, ask, stop }: Shown): JSX.Element {
  return (
    <>
      <button id="ask" onClick={ask} />
      <button id="stop" onClick={stop} />
      <p id="status">{status}</p>
      <p id="text">{text}</p>
    </>
  );
}

function WithHook(): JSX.Element {
  const session = use(opening);
  const { status, text, ask, stop } = useAnswer(session, session.operations.at(-1));
  const askForParts = (): void => {
    ask(PARTS);
  };
  return <Answer {...{ status, text, ask: askForParts, stop }} />;
}

function WithChat(): JSX.Element {
  const { messages, status, sendMessage, stop } = useChat({ id: 'chat', transport, resume: true });
  const parts = messages.at(-1)?.role === 'assistant' ? messages.at(-1)!.parts : [];
  const text = parts.map((part) => (part.type === 'text' ? part.text : '')).join('');
  const ask = (): void => {
    void sendMessage({ text: PARTS });
  };
  return <Answer {...{ status, text, ask, stop: () => void stop() }} />;
}

function Page(): JSX.Element {
  const [isShown, show] = useState(true);
  const leave = (): void => {
    show(false);
  };
  return (
    <Suspense>
      <button id="leave" onClick={leave} />
      {isShown && (location.hash === '#useChat' ? <WithChat /> : <WithHook />)}
    </Suspense>
  );
}

createRoot(document.getElementById('root')!).render(
  <StrictMode>
    <Page />
  </StrictMode>,
);
