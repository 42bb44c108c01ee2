import { IdRanges } from '../../../protocol/operation/id-ranges';

/** Of ids that were refused; past them, ids between are taken for refused ones, which cancels nothing. */
const MAX_REFUSED_RANGES = 256;

/** The operation ids that a client has submitted: the highest, and those whose submit was refused. */
export class SubmittedIds {
  private refused: IdRanges | undefined;

  constructor(
    /** 0 before the first. */
    public highest = 0,
  ) {}

  add(id: number): void {
    this.highest = Math.max(this.highest, id);
  }

  addRefused(id: number): void {
    this.add(id);
    (this.refused ??= new IdRanges({ maxRanges: MAX_REFUSED_RANGES })).add(id);
  }

  wasRefused(id: number): boolean {
    return this.refused?.has(id) === true;
  }
}
