export { PERFECT, type FaultKind, type NetworkConditions, type Span } from './conditions';
export { INVARIANTS, textOf } from './invariants';
export { marblesOf } from './marbles';
export { Random } from './random';
export { simulate, type SimulationOptions, type SimulationReport } from './simulate';
export { SimulatedNetwork, type NetworkWatcher, type SimulatedNetworkOptions } from './simulated-network';
export { SimulatedTransport } from './simulated-transport';
export type { TraceEvent } from './trace';
export { VirtualScheduler } from './virtual-scheduler';
