export type * from './messages';
export * from './options';
export * from './policy';
export { MigrateRequest, PatchRequest } from './requests';
export * from './server';
export { ServerSession } from './session';
export { Submit, type SubmitEnd } from './submit';
export { VIOLATION_CODE } from './connection';
