import { BudgetFlag, BudgetMetadata } from '../../wire/preview4/control/scheduling';
import { U32_MAX } from '../options/rules';
import { UNBOUNDED, type Budget } from '../operation/budget';
import { boundOnWire } from './bound';

/**
 * What is left of a budget once a BUDGET_UPDATE has come. A field of 0 says nothing, or lifts the bound by REPLACE. It is
 * never more than a client can say.
 */
export function budgetAfter(left: Budget, { flags, ...said }: BudgetMetadata): Budget {
  const isWhole = (flags & BudgetFlag.Replace) !== 0;
  const isMore = !isWhole && (flags & BudgetFlag.Increment) !== 0;
  const after = (before: number, value: number | bigint, most = Number.MAX_SAFE_INTEGER): number => {
    const amount = Number(value);
    if (amount === 0) return isWhole ? Infinity : before;
    return Math.min(most, isMore && before !== Infinity ? before + amount : amount);
  };
  return {
    tokens: after(left.tokens, said.tokenBudget, U32_MAX),
    bandwidthBytes: after(left.bandwidthBytes, said.bandwidthBudgetBytes),
    computeUnits: after(left.computeUnits, said.computeBudgetUnits),
    memoryBytes: after(left.memoryBytes, said.memoryBudgetBytes),
  };
}

/** BUDGET_UPDATE's metadata, of an operation that has the number of its frame for a name, and from now on all that it has. */
export function budgetMetadata(frameId: number, budget: Partial<Budget>): Uint8Array {
  const { tokens, bandwidthBytes, computeUnits, memoryBytes } = { ...UNBOUNDED, ...budget };
  const metadata = BudgetMetadata.of({
    operationId: BigInt(frameId),
    tokenBudget: Number(boundOnWire(tokens)),
    bandwidthBudgetBytes: boundOnWire(bandwidthBytes),
    computeBudgetUnits: boundOnWire(computeUnits),
    memoryBudgetBytes: boundOnWire(memoryBytes),
    flags: BudgetFlag.Replace,
  });
  return BudgetMetadata.encode(metadata);
}
