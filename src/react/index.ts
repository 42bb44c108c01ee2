/**
 * Answers in React, and a transport for `useChat` of the AI SDK. Needs `react` beside this package; `ai` only where
 * `chatTransport` is used.
 *
 * @packageDocumentation
 */
export { useAnswer, type LiveAnswer } from './use-answer';
export type { AnswerState } from './answer-store';
export { chatTransport, type AnswerChatTransport, type ChatChunk, type ChatRequest } from './chat-transport';
