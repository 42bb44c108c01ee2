/**
 * NNRP, the Neural Network Runtime Protocol, on RxJS.
 *
 * The server and the client, the transports, and what a program that uses them meets. The wire itself
 * is in `nnrp-rx/wire`, operators of your own pipelines are in `nnrp-rx/operators`, and tools for tests
 * in `nnrp-rx/testing`.
 */
export * from './client';
export * from './server';
export * from './transport';
export * from './protocol';
export { NnrpError, type NnrpErrorKind, type NnrpFault } from './wire/errors';
export { give } from './wire/own-bytes';
export { MessageType } from './wire/message-type';
export type { Message, MessageOf } from './wire/message';
export { Profile } from './wire/messages/payload-kind';
export { SessionErrorCode } from './wire/messages/session-open';
export { decodeText } from '../operators/application/decode-text';
export type { Answer, Answers, HandlerContext } from '../operators/application/respond-to-submits';
