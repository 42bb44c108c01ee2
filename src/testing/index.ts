/**
 * What protocol flows are tested with: packets by name, scripted peers, marbles in virtual time, captures.
 * Works with any test runner: what is not as it should be is an `Error` that says so.
 */
export * from './packets';
export * from './matching';
export { flow, type FlowOptions } from './flow/flow';
export { FlowError } from './flow/flow-error';
export type {
  FlowHelpers,
  FlowServerOptions,
  PeerOptions,
  ReplayOptions,
  SubscriptionExpectation,
  SubscriptionTimes,
} from './flow/helpers';
export type { FlowConnection, FlowEndpoint } from './flow/flow-endpoint';
export type { FlowTransport } from './flow/flow-transport';
export type { ClientPeer } from './flow/client-peer';
export type { ServerPeer } from './flow/server-peer';
export type { ExpectOptions, Packets, Scripted, ScriptedPeer } from './flow/scripted-peer';
export type { ObservableExpectation } from './flow/observed';
export { expectQuiescent, type Quiescible } from './flow/quiescence';
export type { FlowScheduler, PendingAction } from './time/flow-scheduler';
export * from './capture/capture';
export type { CapturedFlow } from './capture/captured-flow';
export * from './capture/captured-flow-text';
export * from './capture/to-marbles';
