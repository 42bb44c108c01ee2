export { BuiltPacket, RecordPacket, raw, type HeaderSaying } from './built-packet';
export type { Bytes } from './bytes';
export * from './cache';
export * from './connection';
export * from './operation';
export * from './preview4';
export * from './session';
export * from './session-open';
