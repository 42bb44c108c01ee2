export { connect, type Client } from './client';
export * from './errors';
export * from './options';
export type { ClientSession, PatchAck } from './session';
export type { SubmitRequest } from './submission';
export type { Credit } from './submissions';
