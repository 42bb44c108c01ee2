export { connect, type Client } from './client';
export * from './errors';
export type { ClientOptions, ReconnectOptions, SessionOptions } from './options';
export type { CacheInvalidation, ClientSession, PatchAck } from './session/session';
export type { SubmitRequest } from './submissions/submission';
export type { ResultStream } from './submissions/result-stream';
export type { Credit } from './submissions/submissions';
export type { ClientUsage } from './usage';
