import type { ClientSession } from '../client/session/session';
import type { ResumedOperation, SentRequest } from '../client/session/resumed-operation';
import { TokenDecoder } from '../protocol/content/token-decoder';
import { decodeSummary, type AnswerSummary } from '../protocol/operation/answer-summary';
import type { ResultPush } from '../protocol/operation/result';

// What is used of the AI SDK's types, from its version 5 on, as its own say it: a page without `ai` need not have them.

/** A message of a chat, as far as it is looked at here. */
interface ChatMessage {
  readonly id: string;
  readonly role: string;
}

/** What `useChat` asks for. */
export interface ChatRequest<M extends ChatMessage = ChatMessage> {
  readonly chatId: string;
  readonly messages: readonly M[];
  readonly trigger: 'submit-message' | 'regenerate-message';
  readonly messageId: string | undefined;
  readonly abortSignal: AbortSignal | undefined;
  /** What the application adds; a JSON object. */
  readonly body?: object;
  readonly metadata?: unknown;
}

/** What `useChat` is given. */
export type ChatChunk =
  | { type: 'start'; messageId?: string }
  | { type: 'start-step' | 'finish-step' | 'abort' }
  | { type: 'text-start' | 'text-end'; id: string }
  | { type: 'text-delta'; id: string; delta: string }
  | { type: 'finish'; messageMetadata?: AnswerSummary };

/** A `ChatTransport` of the AI SDK. */
export interface AnswerChatTransport {
  /** An answer that is taken up again comes from its start. */
  readonly resumeStreamIsReplay: true;
  /** Submits, and gives the answer as it comes. Rejects where there is no session. */
  readonly sendMessages: <M extends ChatMessage>(
    request: ChatRequest<M>,
  ) => Promise<ReadableStream<ChatChunk>>;
  /** The answer that runs, from its start; null where there is none. Rejects with an `Error` where that is gone. */
  readonly reconnectToStream: (
    request: Pick<ChatRequest, 'chatId'> & { readonly abortSignal?: AbortSignal },
  ) => Promise<ReadableStream<ChatChunk> | null>;
}

/**
 * A transport for `useChat` of the AI SDK, over sessions. What is submitted is JSON: `id` (of the chat), `messages`,
 * `trigger`, `messageId`, `metadata`, and what the application adds (`body`), as the SDK's own transport posts it; what
 * the handler answers is the text of the message, and its summary (`encodeSummary`) the message's metadata. Headers
 * there are none. To stop cancels. A chat errors with the `OperationError` of its submit.
 *
 * With `resume: true` a chat whose session was resumed with a ticket takes up the newest of its operations, whole: that
 * needs `retain` at the server.
 *
 * @param sessionOf - The session of a chat; asked for each message, so the same one for as long as it is good.
 *
 * @example
 * const transport = chatTransport(() => session);
 * const { messages, sendMessage, stop } = useChat({ transport, resume: true });
 */
export function chatTransport(
  sessionOf: (chatId: string) => ClientSession | PromiseLike<ClientSession>,
): AnswerChatTransport {
  const taken = new WeakSet<ResumedOperation>();
  return {
    resumeStreamIsReplay: true,
    sendMessages: async ({ chatId, messages, trigger, messageId, abortSignal, body, metadata }) => {
      const session = await sessionOf(chatId);
      const asked = { ...body, id: chatId, messages, trigger, messageId, metadata };
      const results = session.submit({
        body: JSON.stringify(asked),
        ...(abortSignal && { signal: abortSignal }),
      });
      return chunksOf(results, answerTo(messages), abortSignal);
    },
    reconnectToStream: async ({ chatId, abortSignal }) => {
      const session = await sessionOf(chatId);
      const operation = session.operations.at(-1);
      // React mounts twice in StrictMode, and the first to ask has given up by now.
      if (operation === undefined || taken.has(operation) || abortSignal?.aborted === true) return null;
      taken.add(operation);
      if (!operation.isWhole) throw notWhole(session, operation);
      return chunksOf(operation.results, answerToSent(operation.sent), abortSignal);
    },
  };
}

/** The answer's text as the parts of one message. */
function chunksOf(
  results: AsyncIterable<ResultPush>,
  messageId: string | undefined,
  signal: AbortSignal | undefined,
): ReadableStream<ChatChunk> {
  const pulled = results[Symbol.asyncIterator]();
  const chunks = chunksFrom({ [Symbol.asyncIterator]: () => pulled }, messageId, signal);
  return new ReadableStream({
    pull: async (controller) => {
      const { value, done } = await chunks.next();
      if (done === true) controller.close();
      else controller.enqueue(value);
    },
    // At once, also where the next result is awaited, which a generator would not leave.
    cancel: async () => {
      await pulled.return?.();
    },
  });
}

async function* chunksFrom(
  results: AsyncIterable<ResultPush>,
  messageId: string | undefined,
  signal: AbortSignal | undefined,
): AsyncGenerator<ChatChunk, undefined, undefined> {
  const id = 'text';
  const decoder = new TokenDecoder();
  let summary: AnswerSummary = {};
  yield { type: 'start', ...(messageId !== undefined && { messageId }) };
  yield { type: 'start-step' };
  yield { type: 'text-start', id };
  try {
    for await (const result of results) {
      const delta = decoder.decode(result).join('');
      if (delta !== '') yield { type: 'text-delta', id, delta };
      summary = decodeSummary(result);
    }
  } catch (error) {
    if (signal?.aborted !== true) throw error;
    yield { type: 'abort' };
    return undefined;
  }
  const rest = decoder.end();
  if (rest !== '') yield { type: 'text-delta', id, delta: rest };
  yield { type: 'text-end', id };
  yield { type: 'finish-step' };
  yield { type: 'finish', ...(Object.keys(summary).length > 0 && { messageMetadata: summary }) };
  return undefined;
}

/** One id for the answer of a question, whenever it is read: what a page has kept of it is put right, not doubled. */
function answerTo(messages: readonly ChatMessage[]): string | undefined {
  const last = messages.at(-1);
  return last?.role === 'user' ? `${last.id}-answer` : last?.id;
}

/** Undefined where it is not known what was sent, or it was not by a chat. */
function answerToSent(sent: SentRequest | undefined): string | undefined {
  try {
    const { messages } = JSON.parse(sent?.text ?? '{}') as Partial<ChatRequest>;
    return answerTo(messages ?? []);
  } catch {
    return undefined;
  }
}

function notWhole({ sessionId }: ClientSession, { operationId }: ResumedOperation): Error {
  return new Error(
    `operation ${operationId} of session ${sessionId} cannot be shown from its start; its server needs \`retain\``,
  );
}
