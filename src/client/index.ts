export { connect, type Client } from './client';
export * from './errors';
export type { ClientOptions, ReconnectOptions, SessionOptions } from './options';
export type { ClientSession, PatchAck, SessionConnectivity } from './session';
export type { SubmitRequest } from './submission';
export type { Credit } from './submissions';
export type { ClientUsage } from './usage';
