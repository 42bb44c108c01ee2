import type { AnsweredOperation } from '../../../../src/protocol/revision/answers';
import { OperationNames } from '../../../../src/server/session/submits/operation-names';
import { NnrpError } from '../../../../src/wire/errors';

/** Some operations and their names, as a session has them. */
function stage() {
  const names = new OperationNames();
  const underWay = new Map<number, AnsweredOperation>();
  return {
    names,
    underWay,
    begin(frameId: number, idLow: number, idHigh = 0): void {
      const operation = { frameId, idLow, idHigh, partCount: 0 };
      names.check(operation, underWay);
      underWay.set(frameId, operation);
      names.add(operation, underWay);
    },
  };
}

describe('the names of operations', () => {
  it.each([
    ['small', 7, 0],
    ['larger than a number holds', 7, 0xffff_ffff],
  ])('are no two the same while they are under way: %s', (_, idLow, idHigh) => {
    const { begin, underWay } = stage();
    begin(1, idLow, idHigh);
    expect(() => begin(2, idLow, idHigh)).toThrow(NnrpError);
    begin(3, idLow + 1, idHigh);
    underWay.delete(1);
    begin(4, idLow, idHigh);
    expect(() => begin(5, idLow, idHigh)).toThrow(NnrpError);
  });

  it('are free where their frame is another operation by now', () => {
    const { begin, underWay } = stage();
    begin(1, 7);
    underWay.clear();
    begin(1, 8);
    begin(2, 7);
    expect([...underWay.keys()]).toEqual([1, 2]);
  });

  it('stay those of what is under way, however many have ended', () => {
    const { begin, underWay } = stage();
    begin(1, 7);
    for (let frameId = 2; frameId < 1000; frameId++) {
      begin(frameId, 1000 + frameId);
      underWay.delete(frameId);
    }
    expect(() => begin(1000, 7)).toThrow(NnrpError);
    begin(1001, 1002);
  });
});
