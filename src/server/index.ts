export type * from './session/messages';
export * from './options';
export {
  accept,
  refuse,
  type Acceptance,
  type AcceptOptions,
  type PolicyVerdict,
  type Refusal,
  type RefusalReason,
  type SessionOpenRequest,
  type SessionPolicy,
} from './opening/policy';
export * from './server';
export type { ServerSession } from './session/session';
export { LIMIT_CODE, VIOLATION_CODE } from './error-packet';
export type { LimitConsequence, LimitTripped } from './limits/limit-tripped';
export * from './limits/server-limits';
export type { Rate } from './limits/token-bucket';
export { MigrateRefusal } from './session/session-requests';
export type * from './session/session-terms';
export type { ServerUsage } from './usage';
